package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nbseal/nbseal/internal/finding"
)

// ignoreFile is the name of gitleaks' list of findings to leave alone:
// https://github.com/gitleaks/gitleaks#gitleaksignore
const ignoreFile = ".gitleaksignore"

// maxIgnoreFile bounds the list, in bytes.
const maxIgnoreFile = 16 << 20

// ignoreList is a list that was read.
type ignoreList struct {
	dir   string                // absolute; the paths in the list are relative to it. "" if findings' are as well
	rules map[fileLine][]string // the rules of gitleaks that are to be silent
}

type fileLine struct {
	commit string // "" for the files that are there
	path   string // with slashes
	line   int
}

// ignoreLists reads the lists in the current directory and in the directories
// that are scanned. A list that cannot be read is reported, and silences nothing.
func ignoreLists(paths []string) (lists []ignoreList, unread []finding.Unread) {
	for _, dir := range append([]string{"."}, paths...) {
		if dir == Stdin {
			continue
		}
		abs, err := filepath.Abs(dir)
		if err != nil || slices.ContainsFunc(lists, func(l ignoreList) bool { return l.dir == abs }) {
			continue
		}
		path := filepath.Join(dir, ignoreFile)
		src, err := readIgnoreFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
				unread = append(unread, finding.Unread{Path: path, Reason: reason(err) + " (what it lists is reported)"})
			}
		default:
			lists = append(lists, ignoreList{abs, parseIgnoreList(src)})
		}
	}
	return lists, unread
}

func readIgnoreFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxIgnoreFile+1))
	if len(src) > maxIgnoreFile {
		err = fmt.Errorf("it is larger than %d MiB", maxIgnoreFile>>20)
	}
	return src, err
}

// rootLists is the list at the root of a repository, for findings whose paths
// begin there.
func rootLists(root string) (Lists, []finding.Unread) {
	if root == "" {
		return Lists{}, nil
	}
	src, err := readIgnoreFile(filepath.Join(root, ignoreFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Lists{}, nil
	case err != nil:
		return Lists{}, []finding.Unread{{Path: ignoreFile, Reason: reason(err) + " (what it lists is reported)"}}
	}
	return Lists{[]ignoreList{{"", parseIgnoreList(src)}}}, nil
}

// parseIgnoreList reads lines "path:rule:line". Those with a commit before the
// path speak of that one in history, not of the files that are there. Lines of
// any other form silence nothing.
func parseIgnoreList(src []byte) map[fileLine][]string {
	rules := map[fileLine][]string{}
	for line := range bytes.Lines(src) {
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		rest, number, ok := cutLast(text)
		path, rule, ok2 := cutLast(rest)
		n, err := strconv.Atoi(number)
		if !ok || !ok2 || err != nil {
			continue
		}
		commit := ""
		if isCommit(path) {
			commit, path, _ = strings.Cut(path, ":")
		}
		at := fileLine{commit, strings.TrimPrefix(strings.ReplaceAll(path, `\`, "/"), "./"), n}
		if !slices.Contains(rules[at], rule) {
			rules[at] = append(rules[at], rule)
		}
	}
	return rules
}

func cutLast(s string) (before, after string, ok bool) {
	k := strings.LastIndexByte(s, ':')
	if k < 0 {
		return s, "", false
	}
	return s[:k], s[k+1:], true
}

// isCommit reports whether the path begins with a commit's id and a colon.
func isCommit(path string) bool {
	id, _, ok := strings.Cut(path, ":")
	return ok && len(id) >= 40 && strings.Trim(id, "0123456789abcdef") == ""
}

// has reports whether the list names the finding.
func (l ignoreList) has(f finding.Finding) bool {
	if len(l.rules) == 0 || f.Location.Path == Stdin {
		return false
	}
	path := f.Location.Path
	if l.dir != "" {
		abs, err := filepath.Abs(path)
		if err != nil {
			return false
		}
		if path, err = filepath.Rel(l.dir, abs); err != nil {
			return false
		}
		path = filepath.ToSlash(path)
	}
	if l.names(fileLine{"", path, f.Location.FileLine}, f.Rule) {
		return true
	}
	return f.Commit != nil && l.names(fileLine{f.Commit.ID, path, f.Location.FileLine}, f.Rule)
}

func (l ignoreList) names(at fileLine, rule string) bool {
	return slices.ContainsFunc(l.rules[at], func(name string) bool {
		return name == rule || slices.Contains(gitleaksRules[name], rule)
	})
}

// gitleaksRules are the rules here for gitleaks' ids where they differ, from the
// configuration that gitleaks 8 comes with. Its generic rule finds many kinds
// that are told apart here; only the generic ones among them are silenced.
var gitleaksRules = map[string][]string{
	"airtable-api-key":                   {"airtable-token"},
	"anthropic-admin-api-key":            {"anthropic-api-key"},
	"aws-access-token":                   {"aws-access-key-id"},
	"azure-ad-client-secret":             {"azure-client-secret"},
	"cloudflare-api-key":                 {"cloudflare-api-token"},
	"cohere-api-token":                   {"cohere-api-key"},
	"curl-auth-header":                   {"bearer-token", "basic-auth"},
	"curl-auth-user":                     {"basic-auth", "generic-password"},
	"databricks-api-token":               {"databricks-token"},
	"digitalocean-access-token":          {"digitalocean-token"},
	"digitalocean-pat":                   {"digitalocean-token"},
	"digitalocean-refresh-token":         {"digitalocean-token"},
	"discord-api-token":                  {"discord-bot-token"},
	"dropbox-api-token":                  {"dropbox-token"},
	"gcp-api-key":                        {"google-api-key"},
	"generic-api-key":                    {"generic-password", "generic-secret", "generic-token"},
	"github-fine-grained-pat":            {"github-fine-grained-token"},
	"github-oauth":                       {"github-token"},
	"github-pat":                         {"github-token"},
	"github-refresh-token":               {"github-app-token"},
	"gitlab-deploy-token":                {"gitlab-token"},
	"gitlab-pat":                         {"gitlab-token"},
	"gitlab-ptt":                         {"gitlab-token"},
	"gitlab-rrt":                         {"gitlab-token"},
	"gitlab-runner-authentication-token": {"gitlab-token"},
	"grafana-api-key":                    {"grafana-token"},
	"grafana-cloud-api-token":            {"grafana-token"},
	"grafana-service-account-token":      {"grafana-token"},
	"hashicorp-tf-api-token":             {"terraform-cloud-token"},
	"huggingface-access-token":           {"huggingface-token"},
	"huggingface-organization-api-token": {"huggingface-org-token"},
	"jwt":                                {"json-web-token"},
	"jwt-base64":                         {"json-web-token"},
	"mailgun-private-api-token":          {"mailgun-api-key"},
	"microsoft-teams-webhook":            {"teams-webhook"},
	"notion-api-token":                   {"notion-token"},
	"npm-access-token":                   {"npm-token"},
	"openai-api-key":                     {"openai-project-key", "openai-legacy-key", "openai-admin-key"},
	"postman-api-token":                  {"postman-api-key"},
	"private-key":                        {"openssh-private-key", "encrypted-private-key", "pgp-private-key"},
	"pulumi-api-token":                   {"pulumi-token"},
	"pypi-upload-token":                  {"pypi-token"},
	"rubygems-api-token":                 {"rubygems-token"},
	"sendgrid-api-token":                 {"sendgrid-api-key"},
	"slack-bot-token":                    {"slack-token"},
	"slack-legacy-bot-token":             {"slack-token"},
	"slack-legacy-token":                 {"slack-token"},
	"slack-legacy-workspace-token":       {"slack-token"},
	"slack-user-token":                   {"slack-token"},
	"slack-webhook-url":                  {"slack-webhook"},
	"stripe-access-token":                {"stripe-secret-key", "stripe-test-key"},
	"telegram-bot-api-token":             {"telegram-bot-token"},
	"vault-batch-token":                  {"hashicorp-vault-token"},
	"vault-service-token":                {"hashicorp-vault-token"},
}
