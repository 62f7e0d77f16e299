package detect

import "github.com/nbseal/nbseal/internal/finding"

// keyRules lists credentials of key material and authentication.
func keyRules() []Rule {
	return []Rule{
		{
			ID: "private-key", Title: "Private key", Severity: finding.High,
			Source: "https://www.rfc-editor.org/rfc/rfc7468",
		},
		{
			ID: "openssh-private-key", Title: "OpenSSH private key", Severity: finding.High,
			Source: "https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key",
		},
		{
			ID: "encrypted-private-key", Title: "Private key (encrypted)", Severity: finding.Medium,
			Source: "https://www.rfc-editor.org/rfc/rfc7468",
		},
		{
			ID: "pgp-private-key", Title: "PGP private key", Severity: finding.High,
			Source: "https://www.rfc-editor.org/rfc/rfc9580",
		},
		{
			ID: "age-secret-key", Title: "age secret key", Severity: finding.High,
			Source: "https://github.com/C2SP/C2SP/blob/main/age.md",
			shapes: []string{"AGE-SECRET-KEY-1{U:58}"},
		},
		{
			ID: "fernet-key", Title: "Fernet key", Severity: finding.High,
			Source:   "https://github.com/fernet/spec/blob/master/Spec.md",
			services: []string{"fernet", "encryption", "encrypt", "cryptography"},
			values:   []string{"{u:43}="},
		},
		{
			ID: "json-web-token", Title: "JSON Web Token", Severity: finding.Medium,
			Source: "https://www.rfc-editor.org/rfc/rfc7519",
			shapes: []string{"eyJ{u:10-600}.eyJ{u:10-4000}.{u:20-1200}"},
			check:  jwtCheck,
		},
		{
			ID: "bearer-token", Title: "Bearer token", Severity: finding.Medium,
			Source: "https://www.rfc-editor.org/rfc/rfc6750",
		},
		{
			ID: "session-cookie", Title: "Session cookie", Severity: finding.Low,
			Source: "https://www.rfc-editor.org/rfc/rfc6265",
		},
		{
			ID: "basic-auth", Title: "Password in HTTP Basic authorization", Severity: finding.High,
			Source: "https://www.rfc-editor.org/rfc/rfc7617",
		},
	}
}
