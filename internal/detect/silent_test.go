package detect

import "testing"

// silent are look-alikes: texts in which nothing is a credential.
var silent = []struct {
	lang Language
	text string
}{
	// placeholders
	{Python, `openai.api_key = "YOUR_API_KEY"`},
	{Python, `os.environ["OPENAI_API_KEY"] = "sk-..."`},
	{Python, `api_key = "<your-pinecone-key>"`},
	{Python, `api_key = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`},
	{Python, `token = "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`},
	{Python, `MongoClient("mongodb+srv://<username>:<password>@cluster0.mongodb.net/")`},
	{Python, `"postgresql://bob:{password}@localhost/db"`},
	{Python, `!curl -H "Authorization: Bearer $API_TOKEN" https://example.net`},
	{Python, "%%bash\ndocker run -e DB_PASSWORD=\"$DB_PASSWORD\" -e X_KEY=${X_KEY} image"},
	{Unknown, "password: {{ vault_db_password }}\ntoken: %(token)s"},
	{Python, `headers = {"Authorization": f"Bearer {token}", "X-Api-Key": settings.api_key}`},
	{Python, `password = "changeme"; secret_key = "secret"`},
	{Python, `api_key = "[nbseal:OPENAI_API_KEY]"`},
	{Python, `api_key = nbseal.get("OPENAI_API_KEY")`},
	{Python, `Model(api_key="not-needed", base_url="http://localhost:8000")`},
	{Unknown, "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
	{Python, `aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"`},
	// reads
	{Python, `api_key = os.environ["OPENAI_API_KEY"]`},
	{Python, `token = getpass.getpass("HF token: ")`},
	{Python, `password = userdata.get("DB_PASSWORD")`},
	{Python, `password = dbutils.secrets.get(scope="etl", key="sql-password")`},
	{Python, `pw = keyring.get_password("postgres", "analyst")`},
	{Python, `secret_key = config["aws"]["secret_access_key"]`},
	{Python, `password=password, token=self.token, api_key=args.api_key`},
	{R, `api_key <- Sys.getenv("CENSUS_API_KEY")`},
	{Python, `access_token = response.json()["access_token"]`},
	{Python, `st.text_input("API key", type="password")`},
	// masked
	{Unknown, `{'api_key': '**********', 'token': 'hf_****************************'}`},
	{Unknown, "Engine(postgresql://analyst:***@db.internal:5432/sales)"},
	{Unknown, "key: sk-...ab12"},
	// hashes and ids
	{Python, `key_hash = "{hex64}"`},
	{Python, `cache_key = '{hex32}'`},
	{Unknown, "{hex64}  train.parquet\nsha256:{hex64}"},
	{Unknown, "{hex40} add token counts\n"},
	{Python, `AutoModel.from_pretrained("bert", revision="{hex40}")`},
	{Python, `idempotency_key = '{uuid}'; kms_key_id = '{uuid}'`},
	{Unknown, `<script src="x.js" integrity="sha256-{mixed}=" crossorigin="anonymous"></script>`},
	{Unknown, `GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568`},
	{Unknown, `{'ETag': '"{hex32}"', 'x-amz-request-id': 'AB12CD34EF56AB78'}`},
	{Python, `secret_arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/x/db-R1yNqM'`},
	// names and words
	{Python, `password_reset_email_template_name = "password_reset_confirmation_v2"`},
	{Python, `tokenizer.add_special_tokens({"pad_token": "[PAD]", "bos_token": "<|begin_of_text|>"})`},
	{Unknown, `{"token": "brown", "start_offset": 4}`},
	{Unknown, "  username        password        role\n0  Rotterdam-14-Qabcd   ok   admin"},
	{Unknown, "     token  count\n0    hello     12\n1   worlds      3\n"},
	{Python, `Args(max_tokens=4096, token_type_ids=None, key_dim=64)`},
	{Python, `df["password"] = df["password"].str.lower()`},
	{Python, `def f(password: str, token: str = None): pass`},
	{Python, `key = jax.random.PRNGKey(42)`},
	{Python, `st.button('Run', key='run_pipeline_button_3')`},
	{Python, `token_path = '/var/run/secrets/kubernetes.io/serviceaccount/token'`},
	{Python, `key = "raw/year=2024/month=07/part-00017-tid-1234567890123456789-c000.snappy.parquet"`},
	{Python, `API_KEY_ENV = 'AZURE_OPENAI_API_KEY'`},
	{Python, `TOKEN_URL = "https://login.microsoftonline.com/common/oauth2/v2.0/token"`},
	{Markdown, "**Password policy**: at least 12 characters, one digit and one symbol."},
	{Markdown, "Your *password* is the one you chose; the *API key* is shown on the profile page."},
	{Markdown, "You must pass `accept_eula=True` and a token."},
	{Python, `rows.sort(key=lambda r: r["created_at"])`},
	{Unknown, "PASS: test_login_2\npass@1=0.55 key_acc=0.9"},
	{Unknown, `results = {"client_3": "password", "Server-TLS13-x2": "password", "k": 1}`},
	{Python, "f\"{password!r} is wrong\""},
	{Python, `password = msg[6:]; pw = pw[:-1]; secret = func.md5(x)`},
	{Python, `names = ["ssh2_auth_password", "ssh2_auth_pubkey_file", "GetAdminPassword"]`},
	{Python, `client = OpenAI(api_key="EMPTY"); tokens = ["[CLS]", "hello", "[SEP]"]`},
	{Python, `c.ServerApp.password = 'argon2:$argon2id$v=19$m=10240,t=10,p=8${mixed}'`},
	{Python, `s3.get_object(Bucket="b", Key="2024/07/{hex32}")`},
	{Python, `gc.open_by_key('{mixed}')`},
	{Unknown, "client.id: dfs.adls.oauth2.client.id\nClientCredential: dfs.adls.oauth2.client.id"},
	{Unknown, "csrftoken={mixed}; \"nextToken\": \"{mixed}\", \"next_page_token\": \"{mixed}\""},
	{Python, `token = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"`},
	{Unknown, "password must contain at least 8 characters, 1 number\nEnter your password: ········\nPassword strength: 0.873"},
	{Python, `hashed_pw = "{hex32}"; password_hash = "{hex32}"; secret_version = "{hex32}"`},
	// what is said about passwords
	{Python, `errors = {"password": "This field is required."}; x = {"password": "field required"}`},
	{Python, `labels = {"username": "Benutzername", "password": "Passwort"}; t = {"password": "mot de passe"}`},
	{Python, `df = df.rename(columns={"pwd": "password", "usr": "username"})`},
	{Python, `schema = {"password": "varchar(255)", "pwd": "StringType", "user": "string"}`},
	{Python, `parser.add_argument("--password", help="database password for the user", default=None)`},
	{Python, `auth_type = "password"; data = {"grant_type": "password"}; password = "localhost"`},
	{Python, `forward_pass = "training"; num_pass = "completed"; bandpass = "butterworth"`},
	{Python, `password = st.secrets["db"]["password"]; x = cfg.get("password", ""); pw = config["password"]`},
	{Python, `dbutils.widgets.text("password", ""); dbutils.widgets.text("password_scope", "keyvault-managed")`},
	{Python, `password = "123456"; password = "111111"; passwd = "20212021"`},
	{Unknown, "Test\tPass\tFail\n| a | **FAIL** | x |\nVoltage | PASS | **FAIL** |"},
	{Unknown, "<style>\n  .pass { color: green; }\n  </style>\n  <body>\n  <div class=\"container\">"},
	{Unknown, "we detected failed login attempts, please reset your password immediately.*"},
	{Unknown, "X-Goog-Credential=svc-735508242970-dy4t%40example.iam%2F20260227%2Fauto&X-Goog-Date=1"},
	{Python, `words = ["password", "sunshine", "dragonfly", "monkeybusiness"]`},
	{Python, `app_password = "abcd efgh ijkl mnop"`},
	{Unknown, "connect(user, password='x', host='localhost')"},
	{Python, `mapbox_token = "pk.eyJ1Ijoi{mixed}.{mapbox}"`},
	{Python, `px.set_mapbox_access_token("pk.eyJ1Ijoi{mixed}.{mapbox}")`},
	{Python, `fig.update_layout(mapbox={"accesstoken": "pk.eyJ1Ijoi{mixed}.{mapbox}"})`},
	{Unknown, `mapboxgl.accessToken = 'pk.eyJ1Ijoi{mixed}.{mapbox}';`},
	{Unknown, `{"mapbox":{"style":"a","x":"pk.eyJ1Ijoi{mixed}.{mapbox}"}}`},
	{Unknown, `pk.eyJ1Ijoi{mixed}.{mapbox}`},
	{Unknown, "https://x.example.net/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={akia}%2F20210307%2Fus-east-1%2Fs3%2Faws4_request"},
	{Markdown, "![](https://firebasestorage.googleapis.com/v0/b/x/o/y.gif?alt=media&token={uuid})"},
	{Python, `wml_credentials = {"url": "https://example.net", "instance_id": "{uuid}"}`},
	{Python, "# Replace this with a string like service_key = \"dkq7bdkw9329zz\""},
	{Unknown, "postgres://tsdbadmin:db_password@host:port/tsdb?sslmode=require"},
	{Python, `secret = "pahdghplmaxtglpxkmablmbfxtgrhgxtgrhgxunxeexk"`},
	// public by design, or ciphertext
	{Python, `stripe_publishable_key = "pk_live_{hex32}"`},
	{Unknown, "-----BEGIN PUBLIC KEY-----\n{b64}\n-----END PUBLIC KEY-----"},
	{Unknown, "-----BEGIN CERTIFICATE-----\n{b64}\n-----END CERTIFICATE-----"},
	{Unknown, "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"},
	{Unknown, "ssh-rsa AAAAB3NzaC1yc2E{b64} bob@host"},
	{Unknown, "db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132333435363738393031323334353637383930\n"},
	{Unknown, "api_token: ENC[AES256_GCM,data:{b64},iv:{b64},type:str]"},
	{Unknown, "token = b'gAAAAABmZ{b64}'"},
	// encoded things
	{Unknown, "{b64}{b64}/AIza{mixed}/{b64}"},
	{Unknown, `"data": "{b64}{b64}{b64}"`},
}

func TestSilent(t *testing.T) {
	f := newFake(11)
	for _, c := range silent {
		text := f.expand(c.text)
		if got := find(t, text, c.lang, ""); len(got) > 0 {
			t.Errorf("%q: %v", text, got)
		}
	}
}
