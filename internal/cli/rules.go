package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nbseal/nbseal/internal/detect"
)

const rulesHelp = `List the kinds of credentials that scan finds, or explain some.

Usage: nbseal rules [--format text|json] [RULE…]

With the ids of rules it says of each what it finds, where its format is
documented, and where such a credential is revoked.

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
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func (a *app) rules(ids []string, format string) error {
	rules := detect.Rules()
	for _, id := range ids {
		if !slices.ContainsFunc(rules, func(r *detect.Rule) bool { return r.ID == id }) {
			return hinted(fmt.Errorf("no rule %q", id), "nbseal rules lists them")
		}
	}
	if len(ids) > 0 {
		rules = slices.DeleteFunc(rules, func(r *detect.Rule) bool { return !slices.Contains(ids, r.ID) })
	}
	switch {
	case format == "json":
		return a.rulesJSON(rules)
	case format != "text":
		return fmt.Errorf("unknown format %q; there are text and json", format)
	case len(ids) > 0:
		return a.explainRules(rules)
	}
	for _, r := range rules {
		if _, err := fmt.Fprintf(a.Stdout, "%-32s %-6s  %s\n", r.ID, r.Severity, r.Title); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) explainRules(rules []*detect.Rule) error {
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
	return nil
}

func (a *app) rulesJSON(rules []*detect.Rule) error {
	type wire struct {
		ID       string `json:"id"`
		Title    string `json:"title"`
		Severity string `json:"severity"`
		Format   string `json:"format,omitempty"`
		Revoke   string `json:"revoke,omitempty"`
	}
	list := make([]wire, 0, len(rules))
	for _, r := range rules {
		list = append(list, wire{r.ID, r.Title, r.Severity.String(), r.Source, r.Revoke})
	}
	enc := json.NewEncoder(a.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(struct {
		Rules []wire `json:"rules"`
	}{list})
}
