package detect

import "github.com/nbseal/nbseal/internal/finding"

// codeRules lists credentials of code hosts, packages and continuous integration.
func codeRules() []Rule {
	return []Rule{
		{
			ID: "github-token", Title: "GitHub personal access token (classic)", Severity: finding.High,
			Revoke: "https://github.com/settings/tokens",
			Source: "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github",
			shapes: []string{"ghp_{n:36}"},
			check:  checkGitHub,
		},
		{
			ID: "github-app-token", Title: "GitHub app or OAuth token", Severity: finding.High,
			Revoke: "https://github.com/settings/applications",
			Source: "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github",
			shapes: []string{"gho_{n:36}", "ghu_{n:36}", "ghs_{n:36}", "ghs_{d:1-12}_eyJ{u:10-600}.{u:10-4000}.{u:20-1200}", "ghr_{n:36-76}"},
		},
		{
			ID: "github-fine-grained-token", Title: "GitHub fine-grained personal access token", Severity: finding.High,
			Revoke: "https://github.com/settings/personal-access-tokens",
			Source: "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens",
			shapes: []string{"github_pat_{n:22}_{n:59}"},
		},
		{
			ID: "gitlab-token", Title: "GitLab access token", Severity: finding.High,
			Revoke: "https://gitlab.com/-/user_settings/personal_access_tokens",
			Source: "https://docs.gitlab.com/security/tokens/",
			shapes: []string{"glpat-{u:20-27}", "glpat-{u:27-300}.{L:9}", "glpat-{u:27-300}.{L:2}.{L:9}", "gldt-{u:20-27}", "glrt-{u:20-30}", "glrt-{u:30-300}.{L:9}", "glrt-{u:30-300}.{L:2}.{L:9}", "glptt-{h:40}", "glcbt-{u:20-40}", "glft-{u:20-27}", "glsoat-{u:20-27}", "gloas-{h:64}", "glimt-{u:25-30}", "glagent-{u:50}", "glffct-{u:20-30}", "GR1348941{u:20}"},
		},
		{
			ID: "npm-token", Title: "npm access token", Severity: finding.High,
			Revoke: "https://www.npmjs.com/settings/~/tokens",
			Source: "https://docs.npmjs.com/about-access-tokens",
			shapes: []string{"npm_{n:36}"},
			check:  checkGitHub,
		},
		{
			ID: "pypi-token", Title: "PyPI API token", Severity: finding.High,
			Revoke: "https://pypi.org/manage/account/token",
			Source: "https://pypi.org/help/#apitoken",
			shapes: []string{"pypi-AgEIcHlwaS5vcmc{u:50-400}", "pypi-AgENdGVzdC5weXBpLm9yZw{u:50-400}"},
		},
		{
			ID: "docker-hub-token", Title: "Docker Hub access token", Severity: finding.High,
			Revoke: "https://app.docker.com/settings/personal-access-tokens",
			Source: "https://docs.docker.com/security/for-developers/access-tokens",
			shapes: []string{"dckr_pat_{u:27}", "dckr_oat_{u:32}"},
		},
		{
			// Bitbucket takes these no more since June 2026.
			ID: "bitbucket-token", Title: "Bitbucket app password", Severity: finding.Low,
			Revoke: "https://id.atlassian.com/manage-profile/security/api-tokens",
			Source: "https://support.atlassian.com/bitbucket-cloud/kb/getting-401-http-error-while-authenticating-to-bitbucket-cloud-rest-apis",
			shapes: []string{"ATBB{n:32}"},
		},
		{
			ID: "atlassian-token", Title: "Atlassian API token", Severity: finding.High,
			Revoke:   "https://id.atlassian.com/manage-profile/security/api-tokens",
			Source:   "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account",
			shapes:   []string{"ATATT3xFfGF0{u:150-220}={H:8}", "ATCTT3xFfGN0{u:150-220}={H:8}"},
			services: []string{"jira", "atlassian", "confluence"},
			values:   []string{"{n:24}"},
		},
		{
			ID: "rubygems-token", Title: "RubyGems API key", Severity: finding.High,
			Revoke: "https://rubygems.org/profile/api_keys",
			Source: "https://guides.rubygems.org/api-key-scopes",
			shapes: []string{"rubygems_{h:48}"},
		},
		{
			ID: "crates-io-token", Title: "crates.io API token", Severity: finding.High,
			Revoke: "https://crates.io/settings/tokens",
			Source: "https://doc.rust-lang.org/cargo/reference/publishing.html",
			shapes: []string{"cio{n:32}"},
		},
		{
			ID: "nuget-api-key", Title: "NuGet API key", Severity: finding.High,
			Revoke: "https://www.nuget.org/account/apikeys",
			Source: "https://learn.microsoft.com/nuget/nuget-org/scoped-api-keys",
			shapes: []string{"oy2{L:43}"},
		},
		{
			ID: "anaconda-token", Title: "Anaconda.org token", Severity: finding.High,
			Revoke:   "https://anaconda.org",
			Source:   "https://www.anaconda.com/docs/tools/anaconda-org/user-guide/tasks/work-with-accounts",
			services: []string{"anaconda", "binstar"},
			values:   []string{"{u:39}"},
		},
		{
			ID: "artifactory-token", Title: "JFrog Artifactory token", Severity: finding.High,
			Source: "https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens",
			shapes: []string{"AKCp{n:68-70}", "cmVmd{n:59}"},
		},
		{
			ID: "circleci-token", Title: "CircleCI token", Severity: finding.High,
			Revoke: "https://app.circleci.com/settings/user/tokens",
			Source: "https://circleci.com/docs/managing-api-tokens",
			shapes: []string{"CCIPAT_{n:22}_{h:40}", "CCIPRJ_{n:22}_{h:40}"},
		},
		{
			ID: "sonar-token", Title: "SonarQube token", Severity: finding.Medium,
			Source: "https://docs.sonarsource.com/sonarqube-server/latest/user-guide/managing-tokens",
			shapes: []string{"sqp_{h:40}", "squ_{h:40}", "sqa_{h:40}"},
		},
		{
			ID: "buildkite-token", Title: "Buildkite API token", Severity: finding.Medium,
			Revoke: "https://buildkite.com/user/api-access-tokens",
			Source: "https://buildkite.com/docs/platform/security/tokens",
			shapes: []string{"bkua_{L:40}", "bkua_{L:53}", "bkct_{u:73}", "bkpat_{n:8}_{h:40}"},
		},
		{
			ID: "pulumi-token", Title: "Pulumi access token", Severity: finding.High,
			Revoke: "https://app.pulumi.com/account/tokens",
			Source: "https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens",
			shapes: []string{"pul-{h:40}"},
		},
		{
			ID: "postman-api-key", Title: "Postman API key", Severity: finding.Medium,
			Revoke: "https://go.postman.co/settings/me/api-keys",
			Source: "https://learning.postman.com/docs/developer/postman-api/authentication",
			shapes: []string{"PMAK-{h:24}-{h:34}"},
		},
		{
			ID: "codecov-token", Title: "Codecov upload token", Severity: finding.Low,
			Revoke:   "https://app.codecov.io",
			Source:   "https://docs.codecov.com/docs/codecov-tokens",
			services: []string{"codecov"},
			values:   []string{"{h:8}-{h:4}-{h:4}-{h:4}-{h:12}"},
		},
		{
			ID: "sourcegraph-token", Title: "Sourcegraph access token", Severity: finding.Medium,
			Source: "https://sourcegraph.com/docs/cli/how-tos/creating_an_access_token",
			shapes: []string{"sgp_{h:40}", "sgp_{n:16}_{h:40}", "sgp_local_{h:40}", "slk_{h:64}"},
		},
		{
			ID: "jupyter-token", Title: "Jupyter server token", Severity: finding.Medium,
			Source:   "https://jupyter-server.readthedocs.io/en/latest/operators/security.html",
			services: []string{"jupyter", "jupyterhub", "jupyterlab", "lab", "notebooks", "tree", "8888"},
			values:   []string{"{h:48}", "{h:32}"},
		},
		{
			ID: "packagist-token", Title: "Private Packagist token", Severity: finding.High,
			Revoke: "https://packagist.com",
			Source: "https://packagist.com/docs/composer-authentication",
			shapes: []string{"packagist_{l:3}_{h:68}"},
		},
		{
			ID: "clojars-token", Title: "Clojars deploy token", Severity: finding.High,
			Revoke: "https://clojars.org/tokens",
			Source: "https://github.com/clojars/clojars-web/wiki/Deploy-Tokens",
			shapes: []string{"CLOJARS_{h:60}"},
		},
	}
}
