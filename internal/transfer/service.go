package transfer

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
)

const (
	notSecret = "a setting, not a secret"
	unknown   = "not a credential that is known here"
)

// aws reads credentials, and what there is of them in config:
// https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html.
// Names are the variables of the AWS CLI, with the profile behind them unless it
// is the default one.
func (f *file) aws() error {
	return f.options(func(o option) error {
		profile := strings.TrimSpace(strings.TrimPrefix(o.section, "profile "))
		it := Item{Key: o.place(), Line: o.line, Note: "AWS, profile " + profile}
		switch o.key {
		case "aws_access_key_id":
			it.Name, it.Role = "AWS_ACCESS_KEY_ID", Login
		case "aws_secret_access_key":
			it.Name = "AWS_SECRET_ACCESS_KEY"
		case "aws_session_token", "aws_security_token":
			it.Name = "AWS_SESSION_TOKEN"
			it.Note += ", expires soon"
		default:
			return f.skip(it.Key, o.line, notSecret)
		}
		it.Name = suffixed(it.Name, profile, "default")
		return f.take(it, []byte(o.value))
	})
}

// pip reads pip's configuration: https://pip.pypa.io/en/stable/topics/configuration/.
// What has an address with a user or password is taken whole, under the name of
// pip's variable.
func (f *file) pip() error {
	return f.options(func(o option) error {
		words := strings.Fields(o.value)
		if !slices.ContainsFunc(words, hasUser) {
			return f.skip(o.place(), o.line, "no address with a user or a password in it")
		}
		name := "PIP_" + strings.ToUpper(clean(o.key))
		it := Item{Name: suffixed(name, o.section, "global"), Key: o.place(), Line: o.line, Note: "pip"}
		return f.take(it, []byte(strings.Join(words, " ")))
	})
}

// hasUser reports whether a word is an address with a user or a password.
func hasUser(word string) bool {
	_, rest, ok := strings.Cut(word, "://")
	if !ok {
		return false
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	if i := strings.LastIndexByte(authority, '@'); i > 0 {
		return true
	}
	// A password may hold what url.Parse and pip's own parser cut differently.
	u, err := url.Parse(word)
	return err == nil && u.User != nil && u.User.String() != ""
}

// pypirc reads https://packaging.python.org/specifications/pypirc/. Names are the
// variables of twine, with the index behind them unless it is PyPI.
func (f *file) pypirc() error {
	return f.options(func(o option) error {
		it := Item{Key: o.place(), Line: o.line, Note: "package index " + o.section}
		switch {
		case o.key == "username":
			it.Name, it.Role = "TWINE_USERNAME", Login
		case o.key == "password":
			it.Name = "TWINE_PASSWORD"
		case o.key == "repository" && hasUser(o.value):
			it.Name = "TWINE_REPOSITORY_URL"
		default:
			return f.skip(it.Key, o.line, notSecret)
		}
		it.Name = suffixed(it.Name, o.section, "pypi", "server-login")
		return f.take(it, []byte(o.value))
	})
}

// huggingFace reads both files of huggingface_hub: token, which is the token in
// use and nothing else, and stored_tokens, an INI file with a section for each:
// https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables.
func (f *file) huggingFace() error {
	head := bytes.TrimSpace(f.text)
	if len(head) == 0 {
		return f.skip("token", 1, "it is empty")
	}
	if head[0] != '[' {
		line := lineAt(f.text, bytes.Index(f.text, head))
		if bytes.ContainsAny(head, " \t\n") {
			return f.skip("", line, "more than a single word: not a token")
		}
		return f.take(Item{Name: "HF_TOKEN", Key: "token", Line: line, Note: "Hugging Face"}, head)
	}
	return f.options(func(o option) error {
		if o.key != "hf_token" {
			return f.skip(o.place(), o.line, unknown)
		}
		return f.take(Item{
			Name: suffixed("HF_TOKEN", o.section), Key: o.place(), Line: o.line,
			Note: "Hugging Face, token " + o.section,
		}, []byte(o.value))
	})
}

// wandb reads the api_key of a settings file. The usual place of the key is
// ~/.netrc: https://docs.wandb.ai/models/ref/cli/wandb-login.
func (f *file) wandb() error {
	return f.options(func(o option) error {
		if o.key != "api_key" {
			return f.skip(o.place(), o.line, notSecret)
		}
		return f.take(Item{
			Name: suffixed("WANDB_API_KEY", o.section, "default"), Key: o.place(), Line: o.line, Note: "Weights & Biases",
		}, []byte(o.value))
	})
}

// cds reads lines "KEY: VALUE" as cdsapi does: https://github.com/ecmwf/cdsapi.
// The names are the variables that cdsapi reads; it needs both.
func (f *file) cds() error {
	line := 0
	for text := range bytes.Lines(f.text) {
		line++
		key, value, found := bytes.Cut(bytes.TrimSpace(text), []byte(":"))
		it := Item{Key: string(key), Line: line, Note: "Climate or Atmosphere Data Store"}
		var err error
		switch {
		case !found && len(key) == 0 || bytes.HasPrefix(key, []byte("#")):
		case !found || len(bytes.Trim(key, "_abcdefghijklmnopqrstuvwxyz")) > 0:
			err = f.skip("", line, "the line cannot be read")
		case it.Key == "url":
			it.Name, it.Role = "CDSAPI_URL", Setting
			err = f.take(it, bytes.TrimSpace(value))
		case it.Key == "key":
			it.Name = "CDSAPI_KEY"
			err = f.take(it, bytes.TrimSpace(value))
		default:
			err = f.skip(it.Key, line, notSecret)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
