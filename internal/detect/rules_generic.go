package detect

import "github.com/nbseal/nbseal/internal/finding"

// genericRules lists credentials of credentials of no known issuer.
func genericRules() []Rule {
	return []Rule{
		{
			ID: "generic-password", Title: "Password", Severity: finding.High,
		},
		{
			ID: "generic-secret", Title: "Secret", Severity: finding.Medium,
		},
		{
			ID: "masked-credential", Title: "Credential shown in part", Severity: finding.Low,
		},
		{
			ID: "generic-token", Title: "Token", Severity: finding.Medium,
		},
		{
			ID: "generic-api-key", Title: "API key", Severity: finding.Medium,
		},
		{
			ID: "url-password", Title: "Password in a URL", Severity: finding.High,
			Source: "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1",
		},
	}
}
