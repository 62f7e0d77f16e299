package transfer

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Format is how a file holds names and values.
type Format string

const (
	Dotenv      Format = "dotenv"
	JSON        Format = "json"
	YAML        Format = "yaml"
	Netrc       Format = "netrc"
	Kaggle      Format = "kaggle"
	CDS         Format = "cdsapirc"
	AWS         Format = "aws"
	Pip         Format = "pip"
	Pypirc      Format = "pypirc"
	HuggingFace Format = "huggingface"
	WandB       Format = "wandb"
	Fernet      Format = "fernet"
)

// Formats are those that can be read, sorted.
func Formats() []Format {
	return []Format{AWS, CDS, Dotenv, Fernet, HuggingFace, JSON, Kaggle, Netrc, Pip, Pypirc, WandB, YAML}
}

func parser(f Format) func(*file) error {
	switch f {
	case Dotenv:
		return (*file).dotenv
	case JSON:
		return (*file).json
	case YAML:
		return (*file).yaml
	case Netrc:
		return (*file).netrc
	case Kaggle:
		return (*file).kaggle
	case CDS:
		return (*file).cds
	case AWS:
		return (*file).aws
	case Pip:
		return (*file).pip
	case Pypirc:
		return (*file).pypirc
	case HuggingFace:
		return (*file).huggingFace
	case WandB:
		return (*file).wandb
	case Fernet:
		return (*file).fernet
	}
	return nil
}

// Guess tells the format by the name of a file and, where that says nothing, by
// its content; "" if neither tells.
func Guess(path string, text []byte) Format {
	// A token is not to be taken for anything else, whatever it is called: the
	// version byte 0x80 and a time before the year 2106.
	head := bytes.TrimSpace(text)
	if bytes.HasPrefix(head, []byte("gAAAA")) && !bytes.ContainsAny(head, " \t\n") {
		return Fernet
	}
	path = strings.ToLower(filepath.ToSlash(path))
	parts := strings.Split(path, "/")
	base, dir := parts[len(parts)-1], ""
	if len(parts) > 1 {
		dir = parts[len(parts)-2]
	}
	switch {
	case slices.Contains([]string{".netrc", "_netrc", "netrc"}, base):
		return Netrc
	case base == "kaggle.json":
		return Kaggle
	case base == ".cdsapirc":
		return CDS
	case base == ".pypirc":
		return Pypirc
	case base == "pip.conf" || base == "pip.ini":
		return Pip
	case dir == ".aws" && (base == "credentials" || base == "config"):
		return AWS
	case base == "stored_tokens" || (dir == "huggingface" || dir == ".huggingface") && base == "token":
		return HuggingFace
	case dir == "wandb" && base == "settings":
		return WandB
	case base == ".env" || strings.HasPrefix(base, ".env.") || strings.HasSuffix(base, ".env"):
		return Dotenv
	case strings.HasSuffix(base, ".json"):
		return JSON
	case strings.HasSuffix(base, ".yaml") || strings.HasSuffix(base, ".yml"):
		return YAML
	}
	return guessText(head)
}

func guessText(head []byte) Format {
	if bytes.HasPrefix(head, []byte("{")) {
		return JSON
	}
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 || line[0] == '#' || line[0] == ';':
			continue
		case line[0] == '[':
			if regexp.MustCompile(`(?im)^\s*aws_(access_key_id|secret_access_key|session_token)\s*[=:]`).Match(head) {
				return AWS
			}
		case bytes.HasPrefix(line, []byte("machine ")):
			return Netrc
		case regexp.MustCompile(`^(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=`).Match(line):
			return Dotenv
		}
		return ""
	}
	return ""
}
