package detect

import "github.com/nbseal/nbseal/internal/finding"

// databaseRules lists credentials of databases and data platforms.
func databaseRules() []Rule {
	return []Rule{
		{
			ID: "postgresql-url", Title: "PostgreSQL password", Severity: finding.High,
			Source: "https://www.postgresql.org/docs/current/libpq-connect.html",
		},
		{
			ID: "mysql-url", Title: "MySQL or MariaDB password", Severity: finding.High,
			Source: "https://dev.mysql.com/doc/refman/en/connecting-using-uri-or-key-value-pairs.html",
		},
		{
			ID: "mongodb-url", Title: "MongoDB password", Severity: finding.High,
			Revoke: "https://cloud.mongodb.com",
			Source: "https://www.mongodb.com/docs/manual/reference/connection-string",
		},
		{
			ID: "redis-url", Title: "Redis password", Severity: finding.High,
			Source: "https://redis.io/docs/latest/develop/clients",
		},
		{
			ID: "amqp-url", Title: "AMQP password", Severity: finding.High,
			Source: "https://www.rabbitmq.com/docs/uri-spec",
		},
		{
			ID: "database-url", Title: "Database password", Severity: finding.High,
			Source: "https://docs.sqlalchemy.org/en/20/core/engines.html",
		},
		{
			ID: "oracle-password", Title: "Oracle password", Severity: finding.High,
			Source: "https://docs.oracle.com/en/database/oracle/oracle-database/23/sqpug/starting-SQL-Plus.html",
		},
		{
			ID: "confluent-secret", Title: "Confluent API secret", Severity: finding.High,
			Revoke:   "https://confluent.cloud/settings/api-keys",
			Source:   "https://docs.confluent.io/cloud/current/security/authenticate/workload-identities/service-accounts/api-keys/overview.html",
			shapes:   []string{"cflt{b:60}"},
			services: []string{"confluent", "sasl", "kafka"},
			values:   []string{"{b:64}"},
		},
		{
			ID: "planetscale-token", Title: "PlanetScale token or password", Severity: finding.High,
			Revoke: "https://app.planetscale.com/~/settings/service-tokens",
			Source: "https://planetscale.com/docs/api/service-tokens",
			shapes: []string{"pscale_tkn_{s:32-64}", "pscale_pw_{s:32-64}", "pscale_oauth_{s:32-64}"},
		},
		{
			ID: "supabase-key", Title: "Supabase secret key", Severity: finding.High,
			Revoke: "https://supabase.com/dashboard/account/tokens",
			Source: "https://supabase.com/docs/guides/api/api-keys",
			shapes: []string{"sbp_{h:40}", "sbp_oauth_{h:40}", "sb_secret_{u:22}_{u:8}"},
		},
		{
			ID: "influxdb-token", Title: "InfluxDB token", Severity: finding.Medium,
			Source:   "https://docs.influxdata.com/influxdb/v2/admin/tokens",
			services: []string{"influx", "influxdb", "influxdbclient"},
			values:   []string{"{u:86}=="},
		},
		{
			ID: "neon-api-key", Title: "Neon API key", Severity: finding.Medium,
			Revoke: "https://console.neon.tech/app/settings/api-keys",
			Source: "https://neon.tech/docs/manage/api-keys",
			shapes: []string{"napi_{L:64}"},
		},
		{
			ID: "dbt-token", Title: "dbt platform token", Severity: finding.Medium,
			Revoke: "https://cloud.getdbt.com",
			Source: "https://docs.getdbt.com/docs/dbt-apis/authentication",
			shapes: []string{"dbtu_{u:36-60}", "dbtc_{u:36-60}", "dbts_{u:36-60}"},
		},
		{
			ID: "elastic-api-key", Title: "Elastic API key", Severity: finding.Medium,
			Source:   "https://www.elastic.co/docs/deploy-manage/api-keys/elasticsearch-api-keys",
			shapes:   []string{"essu_{b:60-200}", "essu_{b:60-200}=", "essu_{b:60-200}=="},
			services: []string{"elastic", "elasticsearch"},
			values:   []string{"{b:58}==", "{b:59}=", "{b:60}"},
		},
		{
			ID: "prefect-api-key", Title: "Prefect API key", Severity: finding.Medium,
			Revoke: "https://app.prefect.cloud/my/api-keys",
			Source: "https://docs.prefect.io/v3/how-to-guides/cloud/manage-users/api-keys",
			shapes: []string{"pnu_{n:36}", "pnb_{n:36}"},
		},
		{
			ID: "astra-token", Title: "DataStax Astra token", Severity: finding.Medium,
			Revoke: "https://astra.datastax.com",
			Source: "https://docs.datastax.com/en/astra-db-serverless/administration/manage-application-tokens.html",
			shapes: []string{"AstraCS:{n:24}:{h:64}"},
		},
		{
			ID: "motherduck-token", Title: "MotherDuck access token", Severity: finding.High,
			Revoke:   "https://app.motherduck.com",
			Source:   "https://motherduck.com/docs/key-tasks/authenticating-to-motherduck",
			services: []string{"motherduck"},
			values:   []string{"eyJ{u:10-600}.eyJ{u:10-4000}.{u:20-1200}"},
		},
		{
			ID: "turso-token", Title: "Turso token", Severity: finding.High,
			Revoke:   "https://app.turso.tech",
			Source:   "https://docs.turso.tech/api-reference/authentication",
			services: []string{"turso", "libsql"},
			values:   []string{"eyJ{u:10-600}.eyJ{u:10-4000}.{u:20-1200}"},
		},
		{
			ID: "cockroach-cloud-key", Title: "CockroachDB Cloud API key", Severity: finding.High,
			Revoke: "https://cockroachlabs.cloud",
			Source: "https://www.cockroachlabs.com/docs/cockroachcloud/managing-access",
			shapes: []string{"CCDB1_{n:22}_{n:40}"},
		},
		{
			ID: "hex-token", Title: "Hex API token", Severity: finding.High,
			Revoke: "https://app.hex.tech",
			Source: "https://learn.hex.tech/docs/api/api-overview",
			shapes: []string{"hxtp_{n:32-128}", "hxtw_{n:32-128}"},
		},
		{
			ID: "coda-token", Title: "Coda API token", Severity: finding.Medium,
			Revoke:   "https://coda.io/account",
			Source:   "https://coda.io/developers/apis/v1",
			services: []string{"coda"},
			values:   []string{"{h:8}-{h:4}-{h:4}-{h:4}-{h:12}"},
		},
		{
			ID: "smartsheet-token", Title: "Smartsheet API token", Severity: finding.Medium,
			Revoke:   "https://app.smartsheet.com",
			Source:   "https://developers.smartsheet.com",
			services: []string{"smartsheet"},
			values:   []string{"{n:37}", "{n:26}"},
		},
		{
			ID: "mongodb-atlas-secret", Title: "MongoDB Atlas service account secret", Severity: finding.High,
			Revoke: "https://cloud.mongodb.com",
			Source: "https://www.mongodb.com/docs/atlas/api/service-accounts-overview",
			shapes: []string{"mdb_sa_sk_{u:40}"},
		},
		{
			ID: "aiven-password", Title: "Password of a database at Aiven or DigitalOcean", Severity: finding.High,
			Source: "https://aiven.io/docs",
			shapes: []string{"AVNS_{u:16-30}"},
		},
	}
}
