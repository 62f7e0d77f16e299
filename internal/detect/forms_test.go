package detect

import (
	"strings"
	"testing"
)

// form is a way in which people write credentials. What must be found stands
// between « and »; a name in braces is replaced by a made-up value. Marks that
// touch (»«) are parts of one credential; others are one each.
type form struct {
	rule string
	lang Language
	text string
}

var forms = []form{
	// assignments
	{"generic-password", Python, `password = "«{pw}»"`},
	{"generic-password", Python, "db_pass='«{pw}»'  # until May"},
	{"generic-password", Python, "PASSWORD_2: str = \"«{pw}»\""},
	{"generic-password", Python, `user, password = "bob", "«{pw}»"`},
	{"generic-password", Python, `password, host = "«{pw}»", "db.example.net"`},
	{"generic-password", Python, `if pw == "«{pw}»":`},
	{"generic-password", Python, "password = (\n    \"«{pw}»\"\n)"},
	{"generic-password", Python, "password = \\\n    '«{pw}»'"},
	{"generic-password", Python, `def f(user, password="«{pw}»", n=1):`},
	{"mail-password", Python, `email_password = "«qhzt efvn ijwl mkop»"`},
	{"generic-password", Python, `password = SecretStr("«{pw}»")`},
	{"generic-password", Python, `pw = f"«{pw}»"`},
	{"generic-api-key", Python, `client = Client(api_key="«{mixed}»")`},
	{"generic-api-key", Python, `openai.api_key = "«sk-{hex32}»"`},
	{"generic-secret", Python, `client_secret="«{mixed}»"`},
	{"generic-token", Python, `token: Optional[str] = "«{mixed}»"`},
	{"aws-secret-access-key", Python, `aws_secret_access_key='«{b64x40}»'`},
	{"aws-access-key-id", Python, `aws_access_key_id='«{akia}»'`},
	{"wandb-api-key", Python, `wandb.login(key="«{hex40}»")`},
	{"kaggle-key", Unknown, `{"username":"bob","key":"«{hex32}»"} > kaggle.json`},
	{"generic-password", Python, `pw = getpass() or "«{pw}»"`},
	{"generic-api-key", Python, `weather2_key = "«QX7RT2P0L9ZKV3MN»"`},
	{"generic-password", Python, `contraseña = "«{pw}»"`},
	{"generic-password", Python, `form["password"].value = "«{pw}»"`},
	{"generic-password", Python, `page.fill("#password", "«{pw}»")`},
	{"generic-password", Python, `page.fill('input[name="password"]', '«{pw}»')`},
	{"generic-password", Python, `keyring.set_password("pg", "bob", "«{pw}»")`},
	{"generic-password", Python, `pymssql.connect("host", "bob", "«{pw}»", "db")`},
	{"generic-api-key", Python, `API_KEYS = ["«{mixed}»", "short"]`},
	{"generic-token", Python, `tokens = {"github": "«{mixed}»"}`},
	{"generic-secret", Python, `credentials = ("bob", "«{pw}»")`},
	// put together of several literals
	{"generic-api-key", Python, "api_key = \"\".join([\n    \"«Q7{mixed27}»\",\n    \"«{mixed}»\",\n])"},
	{"generic-api-key", Python, "part_a = '«Q7{mixed27}»'\napi_key = part_a + '«{mixed}»'"},
	{"generic-password", Python, `s = "host={} user={} password={}".format("db1", "bob", "«{pw}»")`},
	{"postgresql-url", Python, `create_engine("postgresql://bob:%s@db1/x" % quote_plus("«{pw}»"))`},
	{"generic-api-key", Python, `encryption_key = userdata.get("KEY") if colab else "«{hex64}»"`},
	{"generic-api-key", Python, "api_key = '«Q7{mixed27}»'\napi_key += '«{mixed}»'"},
	{"generic-api-key", Python, `api_key = cfg.get("api_key", fallback="«{mixed}»")`},
	// entries, commands, messages
	{"generic-token", Shell, `gh secret set SERVICE_TOKEN --body "«{mixed}»"`},
	{"generic-password", Shell, `expect -c 'spawn ssh bob@db1; expect "password:"; send "«{pw}»\r"; interact'`},
	{"generic-password", Unknown, "expect \"Password: \" {\n  send -- \"«{pw}»\\r\"\n}"},
	{"generic-token", Unknown, "Text(value='«{mixed}»', description='api_token', layout=Layout(width='50%'))"},
	{"wandb-api-key", Unknown, "env:\n  - name: WANDB_API_KEY\n    value: \"«{hex40}»\""},
	{"wandb-api-key", Shell, "env:\n- name: WANDB_API_KEY\n  value: «{hex40}»\n"},
	{"generic-password", Unknown, `Command '['mysqldump', '-u', 'bob', '-p«{pw}»', 'db1']' returned non-zero exit status 2.`},
	{"generic-secret", Shell, "echo '«{b64pw}»' | base64 -d > key.txt"},
	{"generic-secret", Shell, "echo «{b64pw}» | base64 --decode"},
	{"generic-password", Shell, "kinit bob@LAB.EXAMPLE <<< '«{pw}»'"},
	{"generic-password", Shell, "sudo -S apt update <<< «{pw}»"},
	{"generic-api-key", Unknown, "AuthError: Incorrect API key provided: «{mixed}». You can find yours at the usual place."},
	{"generic-api-key", Unknown, "2. Use the API key «{hex40}»\n3. Download the file"},
	{"oracle-password", Python, `dsn = os.getenv("ORA") or "bob/«{pw}»@db1.lan:1521/ORCL"`},
	{"bearer-token", Unknown, "GET /users/me\nAuthorization: Bearer «2/1234987612349876:{hex32}»"},
	// calls that no list knows
	{"generic-api-key", Python, `genius = lyricsgenius.Genius("«{mixed}»")`},
	{"generic-api-key", Python, `client = LabClient(url, "«{hex40}»")`},
	{"mistral-api-key", Python, `m = Mistral("«{mistral}»")`},
	{"comet-api-key", Python, `exp = comet_ml.Experiment("«{comet}»", project_name="x")`},
	{"generic-api-key", Python, `token = eumdac.AccessToken((key, "«{mixed}»"))`},
	{"generic-api-key", Julia, `init_client("«{mixed}»")`},
	{"generic-password", Python, `conn = SMBConnection("bob", "«{pw}»", "client", "nas")`},
	{"generic-password", Python, `conn = dbapi.connect(host, 39015, "bob", "«tiger7777»")`},
	{"generic-password", Python, `Connection(server, "cn=admin,dc=lab", "«{pw}»", auto_bind=True)`},
	{"generic-token", Python, `requests.get(u, auth=("«{hex32}»", ""))`},
	{"generic-password", Python, `BasicAuthentication('', '«{mixed}»')`},
	{"generic-api-key", Python, `Elasticsearch(u, api_key=("bob", "«{mixed}»"))`},
	{"generic-api-key", Python, `pyotp.TOTP("«{base32}»").now()`},
	{"generic-password", Python, `password = base64.b64decode("«{b64pw}»").decode()`},
	{"generic-password", Python, `pwd = bytes.fromhex("«{hexpw}»").decode()`},
	{"generic-token", Python, `u = "https://x.example.net/cb?state=1&access_token=«{mixed}~3C%28.LJ2KgN»&scope=read"`},
	{"wallet-mnemonic", Python, `mnemonic = "«{words}»"`},
	{"wallet-mnemonic", Unknown, "SEED_PHRASE=«{words}»\n"},
	{"generic-password", Python, `redis.StrictRedis(host, 6379, 0, "«{pw}»")`},
	{"generic-password", Python, `mgr.add_password(None, url, "bob", "«{pw}»")`},
	{"generic-password", Python, `page.locator("#password").fill("«{pw}»")`},
	{"generic-password", Python, "child.expect('assword:')\nchild.sendline('«{pw}»')"},
	{"generic-password", Python, `c = "host=%s user=%s password=%s" % ("h", "bob", "«{pw}»")`},
	{"generic-password", Python, `user, pwd, host = ("bob", "«{pw}»", "h")`},
	{"generic-password", Python, `logins = passwords = [("alice", "«{pw}»")]`},
	{"generic-api-key", Python, `project = Project("https://redcap.example.net/api/", "«{mixed}»")`},
	{"generic-secret", Python, `FlickrAPI(key, "x"); hmac.new(b"«{mixed}»", msg, hashlib.sha256)`},
	{"generic-password", Python, `sf = Salesforce("bob@example.net", "«{pw}»", token)`},
	{"generic-password", Python, `auth.sign_in_with_email_and_password("bob@example.net", "«{pw}»")`},
	{"generic-password", Python, `VkApi('+79991234567', '«{pw}»')`},
	{"generic-password", Python, `connect("x.Driver", "jdbc:x:thin:@h:1521:x", ["bob", "«{pw}»"])`},
	{"mail-password", Python, `start(); USER, MAIL_PASS = 'bob', '«{pw}»'`},
	{"generic-password", Python, `ui.launch(auth=[("bob", "«{pw}»")])`},
	{"generic-password", Python, `if st.text_input("Password") == "«{pw}»": ok()`},
	{"generic-password", Python, `subprocess.run(["curl", "-u", "bob:«{pw}»", url])`},
	{"generic-password", Python, `!helm registry login r -u bob -p «{pw}»`},
	{"generic-password", Python, `hashed = bcrypt.hashpw(b"«{pw}»", bcrypt.gensalt())`},
	{"generic-secret", Python, `aes = AES.new(b'«{mixed27}»', AES.MODE_CBC, iv)`},
	{"bearer-token", Python, `h = {"Authorization": "Bearer %s" % "«{mixed}»"}`},
	{"generic-password", R, `dbConnect(drv, "jdbc:redshift://h:5439/d", "bob", "«{pw}»")`},
	{"generic-api-key", Python, `IBMQ.save_account("«{hex64}»")`},
	{"generic-password", R, `req_auth_basic(req, "bob", "«{pw}»")`},
	{"generic-password", Python, `g = Github("bob", "«{pw}»")`},
	{"generic-secret", Python, `box = SecretBox(bytes.fromhex("«{hex64}»"))`},
	{"generic-password", Python, `ks = jks.KeyStore.load("x.jks", "«{pw}»")`},
	{"generic-password", Python, `u = URL("postgresql", "bob", "«{pw}»", "h", 5432)`},
	{"generic-token", Python, `client = Client(auth="«{mixed}»")`},
	{"generic-token", Python, `notion = Client(token_v2="«{mixed}»")`},
	{"nasa-firms-map-key", Python, `u = "https://firms.modaps.eosdis.nasa.gov/api/area/csv/«{hex32}»/VIIRS/world/1"`},
	{"generic-password", Python, `page.fill("input[type=password]", "«{pw}»")`},
	{"generic-password", Python, `zeep.Client(wsdl, wsse=UsernameToken("bob", "«purple8980»"))`},
	{"generic-password", Python, `soap = """<wsse:Password>«{pw}»</wsse:Password>"""`},
	{"generic-password", Python, `conn.execute("PRAGMA key='«{pw}»'")`},
	// names that are only a service's
	{"copernicus-cds-key", Python, `cds = "«{uuid}»"`},
	{"wandb-api-key", Python, `WANDB = "«{hex40}»"`},
	{"mistral-api-key", Python, `cfg = {"mistral": "«{mistral}»"}`},
	{"fred-api-key", R, `keys <- list(fred = "«{hex32}»")`},
	// dictionaries, the environment, settings
	{"generic-api-key", Python, `os.environ["MY_API_KEY"] = "«{mixed}»"`},
	{"generic-password", Python, `os.environ.setdefault("DB_PASSWORD", "«{pw}»")`},
	{"generic-password", Python, `os.putenv("DB_PASSWORD", "«{pw}»")`},
	{"generic-password", Python, `pw = os.getenv("DB_PASSWORD", "«{pw}»")`},
	{"generic-api-key", Python, `{"api_key": "«{mixed}»", "x": 1}`},
	{"generic-api-key", Python, `cfg = {"name": "API_KEY", "value": "«{mixed}»"}`},
	{"generic-password", Python, `{'password' => '«{pw}»'}`},
	{"generic-password", Python, `spark.read.option("password", "«{pw}»")`},
	{"generic-api-key", Python, `json.loads("{\"api_key\": \"«{mixed}»\"}")`},
	{"generic-password", Unknown, `'{"db":"{\\"user\\":\\"bob\\",\\"password\\":\\"«{pw}»\\"}"}'`},
	// tables whose columns do not line up
	{"generic-password", Unknown, "  username        password        role\n0  aperez   «{pw}»   admin"},
	{"generic-password", Unknown, "name    role     password\n-----   -----    -------------\nJosé Zoë  admin    «{pw}»"},
	{"generic-api-key", Unknown, "   id      owner      api_key\n0  6       svc_report     «{mixed}»"},
	// what programs write into outputs
	{"mapbox-public-token", Unknown, `Plotly.newPlot("x", [], {"mapbox":{"accesstoken":"«pk.eyJ1Ijoi{mixed}.{mapbox}»","zoom":3}})`},
	{"mapbox-public-token", Unknown, `"{\"mapbox\": {\"accesstoken\": \"«pk.eyJ1Ijoi{mixed}.{mapbox}»\"}}"`},
	{"mapbox-public-token", Unknown, `Layout({'mapbox': {'accesstoken': '«pk.eyJ1Ijoi{mixed}.{mapbox}»'}})`},
	// other languages and formats
	{"generic-password", R, `password <- "«{pw}»"`},
	{"generic-api-key", R, `Sys.setenv(CENSUS_API_KEY = "«{mixed}»")`},
	{"generic-api-key", Julia, `ENV["API_KEY"] = "«{mixed}»"`},
	{"generic-password", Shell, "export PGPASSWORD=«{pw}»\n"},
	{"generic-token", Python, "%env API_TOKEN=«{mixed}»"},
	{"generic-token", Python, "!export API_TOKEN=«{mixed}» && python train.py"},
	{"generic-password", Python, "%%bash\nDB_PASSWORD=«{pw}» ./run.sh"},
	{"generic-password", Python, "%%writefile .env\n# db\nDB_PASSWORD=«{pw}»\nDEBUG=0"},
	{"generic-password", Python, "cfg = \"\"\"\n[db]\npassword = «{pw}»\n\"\"\""},
	{"generic-password", Unknown, "db:\n  password: «{pw}»\n"},
	{"generic-password", Unknown, "<config><password>«{pw}»</password></config>"},
	{"generic-password", Unknown, `<server user="bob" password="«{pw}»"/>`},
	{"generic-password", Unknown, "machine api.example.net\n  login bob\n  password «{pw}»\n"},
	{"generic-password", SQL, "ALTER USER bob WITH PASSWORD '«{pw}»';"},
	{"generic-password", SQL, "CREATE USER bob IDENTIFIED BY '«{pw}»';"},
	{"postgresql-url", Unknown, "db.example.net:5432:sales:bob:«{pw}»\n"},
	// the command line
	{"generic-password", Python, "!curl -u bob:«{pw}» https://example.net/api"},
	{"generic-password", Python, "!mysql -u root -p«{pw}» sales"},
	{"generic-password", Python, "!sshpass -p '«{pw}»' ssh bob@host"},
	{"generic-password", Python, `subprocess.run(["twine", "upload", "-p", "«{pw}»"])`},
	{"generic-password", Shell, "tool --password «{pw}» --user bob"},
	{"generic-api-key", Shell, "tool --api-key=«{mixed}»"},
	{"wandb-api-key", Python, "!wandb login «{hex40}»"},
	{"bearer-token", Python, `!curl -H "Authorization: Bearer «{mixed}»" https://example.net`},
	{"generic-password", Python, "!echo «{pw}» | sudo -S apt-get install x"},
	{"generic-password", Python, "!echo '«{pw}»' | kinit bob@EXAMPLE.NET"},
	{"generic-password", Shell, "echo «{pw}» | docker login -u bob --password-stdin"},
	{"generic-password", Shell, "echo 'bob:«{pw}»' | chpasswd"},
	{"generic-password", Shell, "smbclient //nas/share -U bob%«{pw}» -c ls"},
	{"generic-password", Shell, "redis-cli -h cache -a «{pw}» ping"},
	{"generic-password", Shell, "openssl enc -d -aes-256-cbc -k «{pw}» -in a"},
	{"generic-password", Shell, "unzip -P «{pw}» data.zip"},
	{"generic-password", Shell, "htpasswd -bc .htpasswd bob «{pw}»"},
	{"generic-password", Shell, `net use Z: \\srv\share /user:bob «{pw}»`},
	{"generic-password", Shell, "az login -u bob@example.net -p «{pw}»"},
	{"oracle-password", Shell, "sqlplus bob/«{pw}»@orcl"},
	{"oracle-password", Python, `oracledb.connect("bob/«{pw}»@db.example.net:1521/orcl")`},
	// passwords that people think of
	{"generic-password", Python, `password = "«granite lantern copper»"`},
	{"generic-password", Python, `password = "«granite-lantern-copper»"`},
	{"generic-password", Python, `connect(user="bob", password="«dragonfly»")`},
	{"generic-password", Python, `cfg = {"user": "bob", "password": "«copperlantern»"}`},
	{"generic-password", Python, `os.environ["DB_PASSWORD"] = "«meadowfalcon»"`},
	{"generic-password", Python, `password = "«48291736»"`},
	{"generic-password", Python, `smtp.login("bob@example.net", "«velvetcanyon»")`},
	{"generic-password", Python, "%env PGPASSWORD=«lanterngranite»"},
	{"generic-password", Python, "!PGPASSWORD=«lanterngranite» psql -h db"},
	{"generic-password", Python, `URL.create("postgresql", "bob", "«{pw}»", "host")`},
	{"generic-token", Python, "!curl --header 'token: «{mixed}»' 'https://example.net/x'"},
	{"earthdata-password", Unknown, "machine urs.earthdata.nasa.gov login bob password «{pw}»\n"},
	{"earthdata-password", Python, `os.environ["EARTHDATA_PASSWORD"] = "«{pw}»"`},
	{"mlflow-password", Python, `os.environ["MLFLOW_TRACKING_PASSWORD"] = "«{pw}»"`},
	{"snowflake-password", Python, `snowflake_password = "«{pw}»"`},
	{"redshift-password", Python, `redshift_password = "«{pw}»"`},
	{"neo4j-password", Python, `NEO4J_PASSWORD = "«{pw}»"`},
	{"meteomatics-password", Python, `meteomatics_password = "«{pw}»"`},
	{"copernicus-marine-password", Python, `os.environ["COPERNICUSMARINE_SERVICE_PASSWORD"] = "«{pw}»"`},
	{"copernicus-dataspace-password", Python, `CDSE_PASSWORD = "«{pw}»"`},
	{"gbif-password", R, `Sys.setenv(GBIF_PWD = "«{pw}»")`},
	{"qdrant-api-key", Python, `client = QdrantClient(url=u, api_key="«{jwt}»")  # qdrant`},
	{"synapse-token", Python, `syn = synapseclient.login(authToken="«{jwt}»")`},
	{"motherduck-token", Python, `con = duckdb.connect("md:?motherduck_token=«{jwt}»")`},
	{"json-web-token", Python, `token = "«{jwt}»"`},
	{"semantic-scholar-key", Python, `SEMANTIC_SCHOLAR_API_KEY = "«{mixed}»"`},
	{"protocols-io-token", Python, `os.environ["PROTOCOLS_IO_ACCESS_TOKEN"] = "«{hex64}»"`},
	{"mail-password", Python, `SMTP_PASSWORD = "«{pw}»"`},
	{"generic-password", Unknown, "password: «granite-lantern-copper-meadow»\n"},
	{"generic-password", Shell, "mysql -u root -p«granite-lantern-copper-meadow» shop"},
	{"generic-password", SQL, "ALTER USER bob WITH PASSWORD '«granite-lantern-copper-meadow»'"},
	{"generic-secret", Python, `app.secret_key = "«granite-lantern-copper-meadow»"`},
	{"generic-password", Shell, "curl -u bob:«copper_lantern_42» https://example.net"},
	{"generic-password", SQL, "CREATE USER bob IDENTIFIED BY '«copper_lantern_42»'"},
	{"generic-password", SQL, `CREATE DATABASE LINK l CONNECT TO bob IDENTIFIED BY "«{pw}»" USING 'x'`},
	{"generic-password", Unknown, "password=«WqLpZtXm»\n"},
	// other people's words
	{"generic-password", Python, `пароль = "«{pw}»"`},
	{"generic-password", Python, `パスワード = "«{pw}»"`},
	{"generic-password", Python, "# 密码：«{pw}»\n"},
	{"generic-password", Python, `wachtwoord = "«{pw}»"`},
	{"generic-password", Python, "utilisateur = 'bob'\nmdp = '«{pw}»'"},
	{"generic-password", Python, `conectar(usuario="bob", clave="«{pw}»")`},
	{"generic-password", Markdown, "La contraseña es «{pw}»"},
	{"generic-password", Markdown, "Das Passwort lautet: `«{pw}»`"},
	{"generic-token", Python, `tok = "«{mixed}»"`},
	{"generic-password", Python, `senha_banco = "«{pw}»"`},
	{"generic-token", Python, `token_de_acceso = "«{mixed}»"`},
	{"mail-password", Python, `password_gmail = "«{pw}»"`},
	{"generic-token", Python, `token_telegram = "«{mixed}»"`},
	{"generic-password", Python, "!echo 'machine api.example.net login root password «{pw}»' > ~/.netrc"},
	{"generic-api-key", Python, `sk = '«{mixed}»'`},
	{"generic-token", Python, `cred = "«{mixed}»"`},
	{"ads-token", Python, `ads.config.token = "«{mixed}»"`},
	// further ways to hand one over
	{"generic-password", Python, `parser.add_argument("--password", type=str, default="«{pw}»", help="x")`},
	{"generic-api-key", Python, `parser.add_argument('--api-key', default='«{mixed}»')`},
	{"generic-password", Python, "def db_password():\n    return \"«{pw}»\"\n"},
	{"generic-password", Python, `get_pw = lambda: "«{pw}»"`},
	{"generic-password", Python, `password_box.send_keys("«{pw}»")`},
	{"generic-password", Python, `client.username_pw_set("bob", "«{pw}»")`},
	{"generic-password", Python, `Connection(server, "cn=bob,dc=example", "«{pw}»", auto_bind=True)`},
	{"generic-api-key", Python, `jwt.encode({"sub": "bob"}, "«{mixed}»", algorithm="HS256")`},
	{"minio-secret-key", Python, `Minio("play.example.net", key, "«{mixed}»")`},
	{"generic-token", Python, `NativeApi("https://data.example.net", "«{uuid}»")`},
	{"generic-password", Python, `h = {"Authorization": "Basic " + base64.b64encode(b"bob:«{pw}»").decode()}`},
	{"database-url", Python, `create_engine("oracle://%s:%s@%s" % ("bob", "«{pw}»", "db"))`},
	{"postgresql-url", Python, `"postgresql://{}:{}@{}/x".format("bob", "«{pw}»", host)`},
	{"oracle-password", Python, `cx_Oracle.connect("bob.k/«{pw}»@db:1521/xe")`},
	{"generic-password", Unknown, `$Password = ConvertTo-SecureString "«{pw}»" -AsPlainText -Force`},
	{"generic-token", R, `"«{hex32}»" -> api_token`},
	{"generic-password", Julia, `DBInterface.connect(MySQL.Connection, "h", "bob", "«{pw}»", db="x")`},
	{"generic-password", Shell, "dvc remote modify origin --local password «{pw}»"},
	{"generic-token", Python, `u = "https://example.net/cb?next=https%3A%2F%2Fexample.net%2F%3Ftoken%3D«{mixed}»%26n%3D1"`},
	{"infura-key", Python, `Web3.HTTPProvider("https://mainnet.infura.io/v3/«{hex32}»")`},
	{"anaconda-token", Shell, "conda install -c https://conda.anaconda.org/t/«ab-{uuid}»/lab x"},
	{"teams-webhook", Python, `"https://«example.webhook.office.com/webhookb2/{uuid}@{uuid}/IncomingWebhook/{hex32}/{uuid}»"`},
	{"generic-password", Python, `password = attr.ib(default="«{pw}»")`},
	{"generic-password", Python, `def main(password: str = typer.Option("«{pw}»", help="x")):`},
	{"generic-token", Python, `    token: str = Field(default="«{mixed}»")`},
	{"generic-token", Python, `@click.option("--token", "-t", default="«{mixed}»", help="x")`},
	{"generic-password", Python, "child.expect(\"password:\")\nchild.sendline(\"«{pw}»\")"},
	{"generic-password", Python, "tn.read_until(b\"Password: \")\ntn.write(\"«{pw}»\".encode())"},
	{"generic-password", Python, "StringIO(\"\"\"user,password\nbob,«{pw}»\n\"\"\")"},
	{"generic-password", Python, `{"user": ["bob"], "password": ["«{pw}»"]}`},
	{"generic-api-key", Python, `krakenex.API(key="«{mixed}»", secret="short")`},
	{"galaxy-api-key", Python, `GalaxyInstance(url="https://galaxy.example.net", key="«{hex32}»")`},
	{"generic-secret", Python, `oss2.Auth(key_id, "«{mixed}»")`},
	{"generic-password", Shell, "http -a bob:«{pw}» https://example.net"},
	{"generic-password", Shell, "mc alias set lab https://s3.example.net bob «{pw}»"},
	{"generic-password", Shell, "poetry config http-basic.lab bob «{pw}»"},
	{"azure-storage-key", Unknown, `{"keyName": "key1", "permissions": "FULL", "value": "«{b64}»"}`},
	{"session-cookie", Unknown, `{'sessionid': '«{mixed}»', 'lang': 'en'}`},
	{"generic-token", Python, `tw = Twython(key, "«{mixed}»")`},
	{"generic-api-key", Python, `os.environ["LOG_LEVEL"], os.environ["MY_API_KEY"] = "debug", "«{mixed}»"`},
	// sentences and listings
	{"generic-api-key", Unknown, "Variable   Type    Data/Info\n----\nmy_api_key    str     «{mixed}»\n"},
	{"generic-password", Unknown, "password   str     «{pw}»\n"},
	{"generic-password", Markdown, "When asked for the password enter `«{pw}»`."},
	{"generic-password", Markdown, "Wifi password for the lab: **«{pw}»**"},
	{"wandb-api-key", Unknown, "wandb: Paste an API key from your profile and hit enter: «{hex40}»\n"},
	{"generic-password", Python, "# user bob, password «{pw}»\n"},
	{"generic-password", Unknown, "Logging in as bob with password «{pw}»\n"},
	{"generic-password", Unknown, "host db\nuser bob\npassword «{pw}»\n"},
	{"generic-password", Unknown, ":password: «{pw}»\n"},
	{"generic-password", Unknown, " $ user    : chr \"bob\"\n $ password: chr \"«{pw}»\"\n"},
	{"generic-password", Unknown, "$user\n[1] \"bob\"\n\n$password\n[1] \"«{pw}»\"\n"},
	{"generic-password", Unknown, " & user & password \\\\\n\\midrule\n0 & bob & «{pw}» \\\\\n"},
	// HTTP
	{"session-cookie", Unknown, "Set-Cookie: theme=dark; session=«{mixed}»; Path=/"},
	{"session-cookie", Python, `requests.get(u, cookies={"sessionid": "«{mixed}»"})`},
	{"session-cookie", Python, `h = {"Cookie": "JSESSIONID=«{mixed}»"}`},
	{"discord-bot-token", Python, "import discord\n# «MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.{mixed27}»"},
	{"discord-bot-token", Python, `token = "«MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.{mixed27}»"`},
	{"bearer-token", Python, `headers = {"Authorization": "Bearer " + "«{mixed}»"}`},
	{"bearer-token", R, `add_headers(Authorization = paste("Bearer", "«{mixed}»"))`},
	{"generic-token", Unknown, "Authorization: token «{mixed}»"},
	{"generic-api-key", Unknown, "> X-Api-Key: «{mixed}»\n"},
	{"generic-password", Python, `requests.get(url, auth=("bob", "«{pw}»"))`},
	{"generic-password", Python, `auth = HTTPBasicAuth('bob', '«{pw}»')`},
	{"basic-auth", Unknown, "Authorization: Basic «Ym9iOkhlcmJzdC0xOS1Sb3Q=»"},
	{"generic-password", Python, `server.login("bob@example.net", "«{pw}»")`},
	{"generic-password", Python, `driver.find_element("id", "password").send_keys("«{pw}»")`},
	// URLs and connection strings
	{"postgresql-url", Python, `create_engine("postgresql+psycopg2://bob:«{pw}»@db.example.net:5432/sales")`},
	{"mysql-url", Python, `"mysql://bob:«{pw}»@localhost/x"`},
	{"mongodb-url", Python, `MongoClient("mongodb+srv://bob:«Herbst%21{pw}»@c0.example.net/?w=majority")`},
	{"mysql-url", Unknown, `db, err := sql.Open("mysql", "bob:«{pw}»@tcp(db.example.net:3306)/sales")`},
	{"generic-password", Python, `cs = "Driver={ODBC Driver 17 for SQL Server};UID=bob;PWD={«Ab;cd12xY»};"`},
	{"redis-url", Python, `redis.from_url("redis://:«{pw}»@cache:6379/0")`},
	{"amqp-url", Unknown, "amqp://bob:«{pw}»@mq/vhost"},
	{"database-url", Unknown, "snowflake://bob:«{pw}»@acc/db"},
	{"url-password", Python, `pd.read_csv("https://bob:«{pw}»@example.net/x.csv")`},
	{"generic-password", Python, "password = (\n    '«Herbst»'  # it's the first half\n    '«-1987-Rot»'\n)"},
	{"postgresql-url", Python, "u = (\"postgresql://bob:«Herbst»\"\n     \"«-1987-Rot»@db/sales\")"},
	{"generic-api-key", Python, `requests.get("https://example.net/x?api_key=«{mixed}»&n=1")`},
	{"generic-password", Python, `cs = "Driver=x;Server=y;UID=bob;PWD=«{pw}»;Database=z"`},
	{"generic-password", Python, `"jdbc:sqlserver://h:1433;user=bob;password=«{pw}»;encrypt=true"`},
	{"generic-password", Python, `psycopg2.connect("host=h user=bob password=«{pw}»")`},
	{"azure-storage-key", Python, `"DefaultEndpointsProtocol=https;AccountName=x;AccountKey=«{b64}»;EndpointSuffix=core.windows.net"`},
	{"power-automate-signature", Python, `"https://prod-1.westeurope.logic.azure.com:443/workflows/{hex32}/triggers/manual/paths/invoke?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=«{mixed}A-_»"`},
	{"azure-sas", Python, `"https://x.blob.core.windows.net/c?sv=2022-11-02&se=2030-01-01&sp=rl&sig=«{sig}»"`},
	// literals that are joined
	{"huggingface-token", Python, "token = ('«hf_AbQdEfWhIjKlZnOp»'\n         '«QrXtUvWaYzAbRdEkGh»')"},
	{"generic-api-key", Python, `api_key = "«A9mQ2xV7kL4pR8sT»" + "«1wZ5yB3nC6dF0gH»"`},
	{"generic-api-key", Python, `url = "https://example.net/v1?apikey=" + "«{mixed}»"`},
	{"generic-password", Python, "cs = (\"Driver={ODBC Driver 17};UID=bob;PWD=«Herb+st»\"\n      \"«fux9uSy»\")"},
	{"generic-password", Unknown, `'UID=bob;PWD=«Ib+Hbr0JE&6WppEs»;SERVER=x'`},
	{"copernicus-cds-key", Unknown, "key: «12345:{uuid}»\n"},
	{"generic-secret", Unknown, "spark.hadoop.fs.s3a.secret.key «{mixed}»\n"},
	{"generic-password", Python, `dbutils.widgets.text("db_password", "«{pw}»")`},
	// text for people
	{"generic-password", Markdown, "Log in as **bob** with password `«{pw}»`."},
	{"generic-password", Markdown, "The password is «{pw}», ask me."},
	{"generic-password", Markdown, "Login: **bob**, password: **«{pw}»**"},
	{"generic-password", Markdown, "Login: **bob**, password: **«gC&9CtDxf0OfkKqp»**"},
	{"generic-password", Unknown, "Settings(user='bob', password='«nPFTislczoEs»')"},
	{"generic-api-key", Markdown, "| setting | value |\n|---|---|\n| api_key | `«{mixed}»` |"},
	{"generic-token", Markdown, "Use the token «{mixed}» for this."},
	{"generic-password", Unknown, "DB_PASSWORD=${DB_PASSWORD:-«{pw}»}"},
	{"openweather-api-key", Python, `requests.get("https://api.openweathermap.org/data/2.5/weather?q=Bern&appid=«{hex32}»")`},
	{"openweather-api-key", Python, `params = {"q": city, "appid": "«{hex32}»"}`},
	{"aws-secret-access-key", Python, `aws_secret_access_key = "«{b64x40}»"`},
	// output
	{"generic-password", Unknown, "              password\n0  «Xk2mQz9!pLw4vB»\n"},
	{"generic-password", Unknown, "user,password\nbob,«{pw}»\neve,pass\n"},
	{"generic-api-key", Unknown, "endpoint      https://example.net\napi_key       «{mixed}»\n"},
	{"generic-password", Unknown, "  username        password   role\n0     bob  «{pw}»  admin\n"},
	{"generic-api-key", Unknown, "<table><tr><th></th><th>owner</th><th>api_key</th></tr>\n<tr><th>0</th><td>bob</td><td>«{mixed}»</td></tr></table>"},
	{"generic-api-key", Unknown, "<tr><td>API_KEY</td>\n <td>«{mixed}»</td></tr>"},
	{"generic-password", Unknown, "Settings(host='h', password='«{pw}»')"},
	{"masked-credential", Unknown, "key: «sk-proj-{cut}»"},
	{"generic-password", Unknown, "user,password,role\nbob,«{pw}»,admin\n"},
	{"generic-password", Unknown, "user\tpassword\nbob\t«{pw}»\n"},
	{"generic-password", Unknown, "| usr | password        |\n+-----+-----------------+\n| bob | «{pw}» |\n"},
	{"generic-token", Unknown, "Text(value='«{mixed}»', description='Token:')"},
	{"generic-password", Unknown, "Password(description='Password:', value='«{pw}»')"},
	{"generic-api-key", Unknown, "API key:\n«{mixed}»\n"},
	{"generic-password", Markdown, "**Password:**\n\n`«{pw}»`\n"},
	{"generic-password", Unknown, "username/password: bob / «{pw}»\n"},
	{"basic-auth", Unknown, `{"auths": {"https://index.example.net/": {"auth": "«Ym9iOkhlcmJzdC0xOS1Sb3Q=»"}}}`},
	// Kubernetes
	{"generic-password", Unknown, "kind: Secret\ndata:\n  password: «SGVyYnN0LTE5LVJvdA==»\n"},
	{"generic-secret", Unknown, "apiVersion: v1\nkind: Secret\ndata:\n  settings: «SGVyYnN0LTE5LVJvdA==»\n"},
	// keys
	{"private-key", Python, "key = \"\"\"«{pem}»\"\"\""},
	{"private-key", Unknown, `{"key": "«{pemn}»\n"}`},
	{"pgp-private-key", Unknown, "«{pgp}»\n"},
	{"json-web-token", Unknown, "jwt=«{jwt}»"},
	{"openssh-private-key", Unknown, "«-----BEGIN OPENSSH {pemtail}»"},
	{"encrypted-private-key", Unknown, "«-----BEGIN ENCRYPTED {pemtail}»"},
	{"google-service-account", Unknown, `{"type": "service_account", "private_key": "«{pemn}»\n"}`},
	// outputs: tables, listings, other scripts
	{"generic-token", Unknown, "GET /v1 HTTP/1.1\nAuthorization: Token «{hex40}»\nAccept: */*"},
	{"generic-token", Unknown, "api_token: \u200b«{mixed}»"},
	{"generic-api-key", Unknown, "<p><b>API key:</b> <code>«{mixed}»</code></p>"},
	{"generic-password", Unknown, "| Field    | Type | Value        |\n|:---------|:-----|:-------------|\n| password | str  | «{pw}» |"},
	{"generic-password", Unknown, "<table><tr><th>Field</th><th>Type</th><th>Value</th></tr><tr><td>password</td><td>str</td><td>«{pw}»</td></tr></table>"},
	{"generic-password", Unknown, "╭─ Login ─╮\n│ user      bob            │\n│ password  «{pw}»  │\n╰──╯"},
	{"generic-password", Unknown, "# A tibble: 1 × 4\n     id login   password      admin\n1     1 anna.k «{pw}» TRUE"},
	{"openweather-api-key", Unknown, "https://api.openweathermap.org:443 \"GET /data/2.5/weather?q=Oslo&appid=«{hex32}»&units=metric HTTP/1.1\" 200"},
	{"openweather-api-key", Unknown, `{"smtp": {"user": "bob"}, "key": {"openweather": "«{hex32}»"}}`},
	{"azure-storage-key", Unknown, "KeyName  Permissions  Value\nkey1     FULL         «{b64}»"},

	{"generic-password", Markdown, "the admin password «{pw}» is temporary"},
	{"generic-api-key", Markdown, "Der API-Schlüssel lautet **«{mixed}»**."},
	{"generic-api-key", Markdown, "- Clé d'API : `«{mixed}»`"},
	{"generic-api-key", Markdown, "* APIキー: `«{mixed}»`"},
	{"generic-api-key", Markdown, "La chiave API è `«{mixed}»`"},
	{"generic-password", Markdown, "- 비밀번호: `«{pw}»`"},
	{"generic-password", Unknown, "┌─────────┬──────────┐\n│ service ┆ password │\n│ ---     ┆ ---      │\n╞═════════╪══════════╡\n│ nexus   ┆ «{pw}» │\n└─────────┴──────────┘"},
	{"generic-password", Unknown, " Row │ name     password\n─────┼──────────────────\n   1 │ nexus    «{pw}»"},
	{"generic-secret", Unknown, `<tr><th scope="row">Client secret</th><td>«{mixed}»</td></tr>`},
	{"generic-api-key", Unknown, `<input id="ak" name="api_key" type="text" value="«{mixed}»" readonly>`},
	{"generic-password", Unknown, "  password: String \"«{pw}»\""},
	{"generic-password", Unknown, "  host: data.lab\n  pass: «{pw}»"},
	{"generic-password", Unknown, "    psk=\"«{pw}»\""},
	{"generic-token", Unknown, "ENV PIP_INDEX_TOKEN=«{mixed}»    0B"},
	{"private-key", Unknown, `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","d":"«{mixed}»","use":"sig"}`},
	{"generic-api-key", Markdown, "A chave de API do laboratório: `«{mixed}»` (privada)"},
	{"generic-password", Markdown, "A senha do banco é `«{pw}»`."},
	{"generic-password", Unknown, "=> Admin password ........ «{pw}»"},
	{"generic-password", Unknown, "  (spark.app.name,etl)\n  (spark.jdbc.password,«{pw}»)"},
	{"generic-password", Unknown, "              login         passwort rolle\nname\nAnna        bob    «{pw}»  admin"},
	{"generic-password", Unknown, "            key        value\n1       db_user          bob\n2   db_password   «{pw}»"},
	{"generic-password", Unknown, `[['username', 'password'], ['bob', '«{pw}»']]`},
	{"generic-password", Unknown, `{"columns": ["id", "password"], "data": [[1, "«{pw}»"]]}`},
	{"generic-password", Unknown, "Login with: admin:«{pw}»"},
	{"generic-password", Markdown, "login for the cluster: **bob** / **«{pw}»** (ask me)"},
	{"generic-password", Markdown, "> Zugangsdaten: Benutzer *bob*, Kennwort *«{pw}»*"},
	{"generic-password", Markdown, "| 用户名 | 密码 |\n|---|---|\n| bob | «{pw}» |"},
	{"generic-password", Unknown, "<tr><th>用户名</th><th>密码</th></tr><tr><td>bob</td><td>«{pw}»</td></tr>"},
	{"generic-token", Markdown, "[feed]: https://data.example.net/rss?auth=«{hex40}»"},
}

// TestKeyPair holds that the secret is found that follows an access key id.
func TestKeyPair(t *testing.T) {
	f := newFake(5)
	for _, c := range []string{
		`AWS4Auth('{akia}', '«{b64x40}»', 'us-east-1')`,
		`boto3.resource("s3", None, None, True, None, url, "{akia}", "«{b64x40}»")`,
		`!printf "{akia}\n«{b64x40}»\nus-east-1\njson\n" | aws configure`,
		"keys = [\"{akia}\",\n        \"«{b64x40}»\"]",
	} {
		text, want := unmark(f.expand(c))
		got := find(t, text, Python, "")
		if len(got) != 2 || got[1].rule != "aws-secret-access-key" || got[1].secret != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestForms(t *testing.T) {
	f := newFake(3)
	for _, c := range forms {
		text := f.expand(strings.ReplaceAll(c.text, "{pemtail}", strings.TrimPrefix(f.pem("PRIVATE KEY", "\n"), "-----BEGIN ")))
		text, want := unmark(text)
		got := find(t, text, c.lang, "")
		if len(got) != 1 || got[0].rule != c.rule || got[0].secret != want {
			t.Errorf("%q: got %v\nwant %s %q", text, got, c.rule, want)
		}
	}
}

// unmark removes the marks and returns what stood between them.
func unmark(text string) (plain, marked string) {
	var p, m strings.Builder
	inside := false
	for _, r := range text {
		switch r {
		case '«':
			inside = true
		case '»':
			inside = false
		default:
			p.WriteRune(r)
			if inside {
				m.WriteRune(r)
			}
		}
	}
	return p.String(), m.String()
}

func TestKey(t *testing.T) {
	f := newFake(5)
	for _, c := range []struct{ key, text, rule string }{
		{"db_password", "{pw}", "generic-password"},
		{"connection.api_token", "{mixed}", "generic-token"},
		{"WANDB_API_KEY", "{hex40}", "wandb-api-key"},
		{"client_secret", "'{mixed}'\n", "generic-secret"},
		{"SERVICE_TOKEN", `[1] "{mixed}"`, "generic-token"},
		{"url", "{mixed}", ""},
		{"password", "changeme", ""},
		{"token", "{hf}", "huggingface-token"},
		{"accesstoken", "pk.eyJ1Ijoi{mixed}.{mapbox}", "mapbox-public-token"},
		{"layout.accesstoken", "pk.eyJ1Ijoi{mixed}.{mapbox}", "mapbox-public-token"},
		{"publicaccesstoken", "pk.eyJ1Ijoi{mixed}.{mapbox}", ""},
	} {
		text := f.expand(c.text)
		got := find(t, text, Unknown, c.key)
		if c.rule == "" {
			if len(got) > 0 {
				t.Errorf("%s %q: %v", c.key, text, got)
			}
			continue
		}
		if len(got) != 1 || got[0].rule != c.rule || got[0].secret != strings.Trim(strings.TrimPrefix(text, "[1] "), "'\"\n") {
			t.Errorf("%s %q: %v", c.key, text, got)
		}
	}
}

func TestTurnedTable(t *testing.T) {
	f := newFake(9)
	a, b := f.expand("{pw}"), f.expand("{pw}")
	for _, text := range []string{
		"                      0           1\nname                dev        prod\ndb_password  " + a + "  " + b,
		"<tr><th>db_password</th><td>" + a + "</td><td>" + b + "</td></tr>",
	} {
		got := find(t, text, Unknown, "")
		if len(got) != 2 || got[0].secret != a || got[1].secret != b {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestSecretBeside(t *testing.T) {
	f := newFake(7)
	id, secret := f.expand("{akia}"), f.expand("{b64x40}")
	for _, text := range []string{
		"ACCESSKEY\t" + id + "\t2024-05-05T10:10:10Z\t" + secret + "\tActive",
		"('" + id + "', '" + secret + "')",
	} {
		got := find(t, text, Unknown, "")
		if len(got) != 2 || got[1].rule != "aws-secret-access-key" || got[1].secret != secret {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestShown(t *testing.T) {
	for source, want := range map[string]string{
		"print(api_key)":                    "api_key",
		"x = 1\nclient_secret":              "client_secret",
		"print(os.environ['HF_TOKEN'])":     "HF_TOKEN",
		"print(cfg.password)\nx = 2":        "password",
		"!echo $API_KEY":                    "API_KEY",
		"print(len(tokens))":                "",
		"api_key = load()":                  "",
		"print('password')  # explanation.": "",
		"":                                  "",
	} {
		if got := Shown([]byte(source)); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}
