package detect

import "bytes"

// kind is what a name says about its value.
type kind uint8

const (
	kindNone     kind = iota
	kindPassword      // chosen by a person or not
	kindSecret        // made by a machine, mostly
	kindToken         // made by a machine; the word also means a piece of text
	kindKey           // made by a machine; said to be one that opens something
	kindWeakKey       // a key of some sort: of a map, a cache, a service
	kindHeader        // the value of an Authorization header
)

// nameKeywords are pieces of names at which the reader of names and values
// starts. Each is in some word of credentialWords, or is one.
var nameKeywords = []string{
	"pass", "pwd", "_pw", "pw:", "pw=", "pw ", "pw\"", "pw'", "pswd", "psw =", "psw=", "secret", "token", "tok =", "tok=", "key", "cred", "_pat", "pat=",
	"auth_", "_auth", "auth\"", "auth'", "auth=", "auth =", "jwt", "kennwort", "senha", "contrasena", "motdepasse", "mot_de_passe", "clave", "parola", "appid", "app_id", "sid_pw", "bearer_",
	"mdp =", "mdp=", "sk =", "sk=", "wachtwoord", "salasana", "adgangskode", "lozinka", "assword", "psk=", "psk =", "psk:", "psk\"", "psk'", "_psk",
}

// plurals are the names of lists and dictionaries of credentials.
var plurals = map[string]kind{
	"passwords": kindPassword, "tokens": kindToken, "keys": kindKey, "apikeys": kindKey, "secrets": kindSecret, "credentials": kindSecret, "creds": kindSecret,
	"auth": kindSecret,
}

var credentialWords = map[string]kind{
	"password": kindPassword, "passwd": kindPassword, "pass": kindPassword, "pwd": kindPassword, "pw": kindPassword,
	"pswd": kindPassword, "passphrase": kindPassword, "passcode": kindPassword, "passwort": kindPassword, "kennwort": kindPassword,
	"senha": kindPassword, "contrasena": kindPassword, "motdepasse": kindPassword, "passe": kindPassword, "pgpassword": kindPassword, "parola": kindPassword,
	"pgpass": kindPassword, "sshpass": kindPassword, "passw": kindPassword, "psw": kindPassword, "passord": kindPassword, "mdp": kindPassword, "clave": kindPassword,
	"psk": kindPassword, "wachtwoord": kindPassword, "salasana": kindPassword, "adgangskode": kindPassword, "lozinka": kindPassword, "assword": kindPassword,
	"secret": kindSecret, "secrets": kindSecret, "credential": kindSecret, "credentials": kindSecret, "creds": kindSecret, "cred": kindToken,
	"sk": kindKey, "token": kindToken, "pat": kindToken, "jwt": kindToken, "bearer": kindToken, "registrationkey": kindKey, "tok": kindToken,
	"key": kindWeakKey, "apikey": kindKey, "authkey": kindKey, "appid": kindKey, "apitoken": kindToken,
	"authorization": kindHeader, "auth": kindHeader,
}

// credentialEndings make a credential word of any word that ends in one.
var credentialEndings = []struct {
	text string
	kind kind
}{
	{"password", kindPassword}, {"passwd", kindPassword}, {"pwd", kindPassword}, {"passphrase", kindPassword}, {"passwort", kindPassword},
	{"secretkey", kindKey}, {"accesskey", kindKey}, {"apikey", kindKey}, {"authkey", kindKey}, {"privatekey", kindKey}, {"accountkey", kindKey},
	{"secret", kindSecret}, {"token", kindToken}, {"pass", kindPassword},
}

// notCredentialWords end like a credential word and are not one.
var notCredentialWords = words("bypass compass trespass encompass underpass overpass highpass lowpass bandpass surpass buypass multipass singlepass onepass nopass " +
	"minipass htpasswd askpass tiktoken detokenize subtoken wordtoken keytoken nonsecret pretoken")

// keyWords before "key" say that it opens something.
var keyWords = words("api access secret private preshared auth account encryption encrypt decryption signing sign master storage subscription service app " +
	"application admin shared server deploy function webhook fernet aes jwt cipher sas client consumer crypto hmac license licence developer dev user " +
	"session root read write readonly ingest project personal integration functions host ssh rsa tls ssl age pgp ec web deploy bot project")

// trailingWords may follow the credential word: "password_prod", "API_KEY_2".
var trailingWords = words("value val str string plain plaintext text raw prod production dev test testing staging stage old new tmp temp live default primary " +
	"secondary v base read write rw ro local remote main backup b64 base64 here literal current master user admin root db east west eu us id1 kaggle colab env0 v1 v2 v3")

// serviceWords may follow the credential word, too: they say what it is for.
var serviceWords = words("gmail google mysql postgres postgresql oracle mongo mongodb redis wifi wlan email mail smtp imap ftp sftp ssh vpn github gitlab aws azure " +
	"gcp openai anthropic telegram twitter slack discord weather openweather snowflake hf huggingface wandb jira twilio stripe datenbank basededatos bd bdd banco correo " +
	"servidor serveur server database proxy sudo instagram facebook spotify reddit notion airtable")

// These are of languages in which what a credential is for follows it: the words
// for a password, and those that join.
var (
	leadingWords = words("senha contrasena clave motdepasse parola passwort kennwort wachtwoord")
	joiningWords = words("de del do da di")
)

// otherKeys before "key" or "token" say that it opens nothing, or is public.
var otherKeys = words("public publishable pub pk gpg foreign primary partition sort cache idempotency surrogate natural business edition author item customer order " +
	"group object s3 hot dict map lookup join merge index row column col field hash range composite candidate unique alternate pos sort_by compare cmp " +
	"query sheet spreadsheet worksheet doc document site bib cite citation match search event record message msg event routing shard bucket file path image model layer state state_dict attention attn dataset data " +
	"pad bos eos unk sep cls mask next prev previous continuation page sync start end stop special additional prompt input output completion last first " +
	"experiment authenticity nonce redir current csrf xsrf csrfmiddleware cancel cancellation max min num total stop image sentence target source src tgt begin end eot mem query kv " +
	"translation i18n entity registry answer question label metric shortcut arrow enter return home keyboard hot tab " +
	"md sha checksum digest etag " +
	"widget button element component cover work works resume delta watermark checkpoint cursor pagination per no non word char byte new pivot")

// otherPasses before "pass" say that it is a run over data.
var otherPasses = words("full multi single double one two three first second third last next previous forward backward low high band")

// settingKeys before "key" say that it names a setting; a token in settings is one all the same.
var settingKeys = words("param option config menu")

func words(list string) map[string]bool {
	m := map[string]bool{}
	for start := 0; start < len(list); {
		end := start
		for end < len(list) && list[end] != ' ' {
			end++
		}
		if end > start {
			m[list[start:end]] = true
		}
		start = end + 1
	}
	return m
}

const (
	maxName  = 80
	maxWords = 12
)

// split is a name as lower-case words.
type split struct {
	buf  [2 * maxName]byte
	ends [maxWords]int // of the words in buf
	n    int
}

func (p *split) word(i int) []byte { return p.words(i, i) }

// words returns the words from first to last as one.
func (p *split) words(first, last int) []byte {
	start := 0
	if first > 0 {
		start = p.ends[first-1]
	}
	return p.buf[start:p.ends[last]]
}

// index returns the number of the word w, or -1.
func (p *split) index(w string) int {
	for i := range p.n {
		if string(p.word(i)) == w {
			return i
		}
	}
	return -1
}

// parse splits at punctuation and at the humps of camel case. Of a name with
// too many words the last ones are kept, because they say what it is.
func (p *split) parse(name []byte) {
	p.n = 0
	at := 0
	cut := func() {
		start := 0
		if p.n > 0 {
			start = p.ends[p.n-1]
		}
		if at == start {
			return
		}
		if p.n == maxWords {
			first := p.ends[0]
			copy(p.buf[:], p.buf[first:at])
			copy(p.ends[:], p.ends[1:])
			for i := range p.ends {
				p.ends[i] -= first
			}
			at -= first
			p.n--
		}
		p.ends[p.n] = at
		p.n++
	}
	for i, b := range name {
		switch {
		case !is(b, alnum):
			cut()
			continue
		case is(b, upper) && i > 0 && (is(name[i-1], lower) || is(name[i-1], upper) && i+1 < len(name) && is(name[i+1], lower)):
			cut()
		case is(b, digit) && i > 0 && is(name[i-1], letter):
			// "password2" is two words, "s3" and "oauth2" are not worth it
			if i == len(name)-1 || !is(name[i+1], letter) {
				cut()
			}
		}
		if at < len(p.buf) {
			p.buf[at] = fold(b)
			at++
		}
	}
	cut()
}

// classify says what a name promises. The last word decides, after those that
// only tell several credentials apart.
func (p *split) classify() kind {
	last := p.n - 1
	for last > 0 && (all(p.word(last), digit) || trailingWords[string(p.word(last))] || serviceWords[string(p.word(last))]) && !isCredential(p.word(last)) {
		last--
	}
	if last < 0 {
		return kindNone
	}
	if p.n > 1 && leadingWords[string(p.word(0))] || p.n > 2 && isCredential(p.word(0)) && joiningWords[string(p.word(1))] {
		last = 0
	}
	w := p.word(last)
	k := credentialWords[string(w)]
	if p.n == 3 && string(w) == "credential" && string(p.word(0)) == "x" {
		return kindNone // the public part of a signed URL: X-Amz-Credential, X-Goog-Credential
	}
	if k == kindNone {
		if notCredentialWords[string(w)] {
			return kindNone
		}
		for _, e := range credentialEndings {
			if stem, ok := bytes.CutSuffix(w, []byte(e.text)); ok && len(stem) > 0 {
				if e.kind == kindToken && (otherKeys[string(stem)] || string(stem) == "publickey" || string(stem) == "hashed") {
					return kindNone
				}
				k = e.kind
				break
			}
		}
	}
	if k == kindNone {
		if string(w) == "id" && last > 1 && string(p.word(last-1)) == "key" && string(p.word(0)) == "ibm" {
			return kindKey // the name Watson Studio gives to an API key
		}
		if i := p.index("account"); i >= 0 && i+1 < p.n && string(p.word(i+1)) == "key" && string(p.word(0)) == "fs" || string(p.word(0)) == "spark" && p.index("azure") > 0 && p.index("key") > 0 {
			return kindKey // Hadoop's settings for Azure: the host follows the words
		}
		if p.n > 2 && string(p.word(0)) == "tf" && string(p.word(1)) == "token" {
			return kindToken // Terraform: the host follows the word
		}
		return kindNone
	}
	if p.n > 1 && last == 0 && !all(p.word(1), digit) && k != kindPassword {
		// a first word with only trailing words after it: "key_value", "token_text"
		if (k == kindWeakKey || k == kindToken) && string(p.word(1)) != "v" && !serviceWords[string(p.word(1))] && !joiningWords[string(p.word(1))] {
			return kindNone
		}
	}
	if last > 0 && string(w) == "pass" && otherPasses[string(p.word(last-1))] {
		return kindNone
	}
	for i := range last {
		if q := string(p.word(i)); q == "public" || q == "publishable" || q == "reset" || q == "hash" || q == "hashed" || q == "encrypted" || q == "fingerprint" || q == "existing" {
			return kindNone
		}
	}
	if last > 0 && (k == kindWeakKey || k == kindToken || k == kindKey) {
		before := p.word(last - 1)
		if last > 1 && all(before, digit) {
			before = p.word(last - 2) // md5_key
		}
		if otherKeys[string(before)] && !(k == kindToken && string(before) == "index" && last > 1) || k != kindToken && settingKeys[string(before)] {
			return kindNone
		}
		if string(before) == "secret" && k != kindToken {
			return kindSecret // people think of these, too
		}
		if k == kindWeakKey && (keyWords[string(before)] || bytes.HasSuffix(before, []byte("api"))) {
			k = kindKey
		}
	}
	return k
}

// promises reports whether the value of a name can be a credential, or hold some.
func (p *split) promises() bool {
	if p.n == 0 {
		return false
	}
	_, several := plurals[string(p.word(p.n-1))]
	return several || p.classify() != kindNone
}

// key parses and classifies an [Input.Key]: the last name of a dotted one.
func (p *split) key(key string) kind {
	name := []byte(key)
	if i := bytes.LastIndexByte(name, '.'); i >= 0 && i < len(name)-1 {
		name = name[i+1:]
	}
	p.parse(name[max(0, len(name)-maxName):])
	return p.classify()
}

func isCredential(w []byte) bool { return credentialWords[string(w)] != kindNone }

// reading are the first words of functions that ask for a credential or fetch
// it, so that their arguments are not one.
var reading = words("get getpass read fetch load find ask askpass check verify has is count list generate make create validate hash decode encode show print delete remove drop tokenize input")

// reading reports whether a name is of such a function.
func (p *split) reading() bool { return reading[string(p.word(0))] }
