package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/risk"
)

const rulesHelp = `List the kinds of credentials and risks that scan finds, or explain some.

Usage: nbseal rules [--format text|json] [RULE…]

With the ids of rules it says of each what it finds, where its format is
documented, and where such a credential is revoked. The rules for risks, code
that will leak when it runs, are those of scan --risks.

Example:
  nbseal rules huggingface-token
`

func (a *app) rulesCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "rules [RULE…]", Long: rulesHelp, Short: "list or explain the rules",
		RunE: interruptible(func(_ context.Context, args []string) error { return a.rules(args, format) }),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, r := range detect.Rules() {
				ids = append(ids, r.ID+"\t"+r.Title)
			}
			for _, r := range risk.Rules() {
				ids = append(ids, r.ID+"\t"+r.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func (a *app) rules(ids []string, format string) error {
	rules, risks := detect.Rules(), risk.Rules()
	for _, id := range ids {
		if !slices.ContainsFunc(rules, func(r *detect.Rule) bool { return r.ID == id }) && !slices.ContainsFunc(risks, func(r *risk.Rule) bool { return r.ID == id }) {
			return hinted(fmt.Errorf("no rule %q", id), "nbseal rules lists them")
		}
	}
	if len(ids) > 0 {
		rules = slices.DeleteFunc(rules, func(r *detect.Rule) bool { return !slices.Contains(ids, r.ID) })
		risks = slices.DeleteFunc(risks, func(r *risk.Rule) bool { return !slices.Contains(ids, r.ID) })
	}
	switch {
	case format == "json":
		return a.rulesJSON(rules, risks)
	case format != "text":
		return fmt.Errorf("unknown format %q; there are text and json", format)
	case len(ids) > 0:
		return a.explainRules(rules, risks)
	}
	for _, r := range rules {
		if _, err := fmt.Fprintf(a.Stdout, "%-32s %-6s  %s\n", r.ID, r.Severity, r.Title); err != nil {
			return err
		}
	}
	for _, r := range risks {
		if _, err := fmt.Fprintf(a.Stdout, "%-32s %-6s  %s\n", r.ID, "risk", r.Title); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) explainRules(rules []*detect.Rule, risks []*risk.Rule) error {
	for i, r := range rules {
		if i > 0 {
			fmt.Fprintln(a.Stdout)
		}
		fmt.Fprintf(a.Stdout, "%s\n  kind      %s\n  severity  %s\n", r.ID, r.Title, r.Severity)
		if r.Source != "" {
			fmt.Fprintf(a.Stdout, "  format    %s\n", r.Source)
		}
		if r.Revoke != "" {
			fmt.Fprintf(a.Stdout, "  revoke    %s\n", r.Revoke)
		}
	}
	for i, r := range risks {
		if i+len(rules) > 0 {
			fmt.Fprintln(a.Stdout)
		}
		fmt.Fprintf(a.Stdout, "%s\n  risk      %s\n  advice    %s\n", r.ID, r.Title, r.Advice)
	}
	return nil
}

func (a *app) rulesJSON(rules []*detect.Rule, risks []*risk.Rule) error {
	type wire struct {
		ID       string `json:"id"`
		Kind     string `json:"kind"`
		Title    string `json:"title"`
		Severity string `json:"severity,omitempty"`
		Format   string `json:"format,omitempty"`
		Revoke   string `json:"revoke,omitempty"`
		Advice   string `json:"advice,omitempty"`
	}
	list := make([]wire, 0, len(rules)+len(risks))
	for _, r := range rules {
		list = append(list, wire{ID: r.ID, Kind: "credential", Title: r.Title, Severity: r.Severity.String(), Format: r.Source, Revoke: r.Revoke})
	}
	for _, r := range risks {
		list = append(list, wire{ID: r.ID, Kind: "risk", Title: r.Title, Advice: r.Advice})
	}
	enc := json.NewEncoder(a.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(struct {
		Rules []wire `json:"rules"`
	}{list})
}
