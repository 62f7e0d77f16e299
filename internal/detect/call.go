package detect

import "bytes"

// call is a function one of whose positional arguments is a credential.
type call struct {
	keyword string // the end of the function's name, with the parenthesis, lower case
	arg     int    // the credential's, from 0
	kind    kind
	form    string // the form the value must have; "" for any
}

// calls lists functions by what their libraries document.
var calls = []call{
	{keyword: "auth=(", arg: 1, kind: kindPassword},
	{keyword: "auth = (", arg: 1, kind: kindPassword},
	{keyword: "auth=[(", arg: 1, kind: kindPassword},
	{keyword: "basicauth(", arg: 1, kind: kindPassword},
	{keyword: "digestauth(", arg: 1, kind: kindPassword},
	{keyword: "ntlmauth(", arg: 1, kind: kindPassword},
	{keyword: ".login(", arg: 1, kind: kindPassword},
	{keyword: "login(", arg: 0, kind: kindToken},
	{keyword: "setup_session(", arg: 1, kind: kindPassword},
	{keyword: "authenticate(", arg: 1, kind: kindPassword},
	{keyword: "authenticate(", arg: 0, kind: kindToken},
	{keyword: "plaintextauthprovider(", arg: 1, kind: kindPassword},
	{keyword: "usernamepasswordcredential(", arg: 1, kind: kindPassword},
	{keyword: "plaincredentials(", arg: 1, kind: kindPassword},
	{keyword: "credentials(", arg: 1, kind: kindPassword},
	{keyword: "openid.token(", arg: 1, kind: kindPassword},
	{keyword: "blitzgateway(", arg: 1, kind: kindPassword},
	{keyword: "oss2.auth(", arg: 1, kind: kindSecret},
	{keyword: "credential(", arg: 1, kind: kindSecret},
	{keyword: "keyauth(", arg: 0, kind: kindKey},
	{keyword: "sentinelapi(", arg: 1, kind: kindPassword},
	{keyword: "garmin(", arg: 1, kind: kindPassword},
	{keyword: "gis(", arg: 2, kind: kindPassword},
	{keyword: "tableauauth(", arg: 1, kind: kindPassword},
	{keyword: "personalaccesstokenauth(", arg: 1, kind: kindToken},
	{keyword: "basicauthentication(", arg: 1, kind: kindPassword},
	{keyword: "username_pw_set(", arg: 1, kind: kindPassword},
	{keyword: "key_set_with_value(", arg: 2, kind: kindPassword},
	{keyword: "connection(", arg: 2, kind: kindPassword},
	{keyword: "dbinterface.connect(", arg: 3, kind: kindPassword},
	{keyword: "authenticate(", arg: 2, kind: kindPassword},
	{keyword: "jwt.encode(", arg: 1, kind: kindKey},
	{keyword: "jwt.decode(", arg: 1, kind: kindKey},
	{keyword: "totp(", arg: 0, kind: kindKey, form: "{5:16-64}"},
	{keyword: "hotp(", arg: 0, kind: kindKey, form: "{5:16-64}"},
	{keyword: "deepgram(", arg: 0, kind: kindKey},
	{keyword: "minio(", arg: 1, kind: kindKey},
	{keyword: "minio(", arg: 2, kind: kindSecret},
	{keyword: "nativeapi(", arg: 1, kind: kindToken, form: "{h:8}-{h:4}-{h:4}-{h:4}-{h:12}"},
	{keyword: "dataaccessapi(", arg: 1, kind: kindToken, form: "{h:8}-{h:4}-{h:4}-{h:4}-{h:12}"},
	{keyword: "oauthhandler(", arg: 1, kind: kindToken},
	{keyword: "authenticator(", arg: 0, kind: kindKey},
	{keyword: "oauth1(", arg: 1, kind: kindToken},
	{keyword: "twython(", arg: 1, kind: kindToken},
	{keyword: "twython(", arg: 2, kind: kindToken},
	{keyword: "twython(", arg: 3, kind: kindToken},
	{keyword: "oauth1userhandler(", arg: 1, kind: kindToken},
	{keyword: "oauth1userhandler(", arg: 2, kind: kindToken},
	{keyword: "oauth1userhandler(", arg: 3, kind: kindToken},
	{keyword: "set_access_token(", arg: 1, kind: kindToken},
	{keyword: "client(", arg: 0, kind: kindKey},
	{keyword: "client(", arg: 1, kind: kindKey},
	{keyword: "clientv2(", arg: 0, kind: kindKey},
	{keyword: "apiclient(", arg: 0, kind: kindKey},
	{keyword: "from_key(", arg: 0, kind: kindKey},
	{keyword: "set_api_key(", arg: 0, kind: kindKey},
	{keyword: "setapikey(", arg: 0, kind: kindKey},
	{keyword: "api_key(", arg: 0, kind: kindKey},
	{keyword: "set_key(", arg: 0, kind: kindKey},
	{keyword: "azurekeycredential(", arg: 0, kind: kindKey},
	{keyword: "keycredential(", arg: 0, kind: kindKey},
	{keyword: "fernet(", arg: 0, kind: kindKey},
	{keyword: "census(", arg: 0, kind: kindKey},
	{keyword: "fred(", arg: 0, kind: kindKey},
	{keyword: "owm(", arg: 0, kind: kindKey},
	{keyword: "api(", arg: 0, kind: kindKey},
	{keyword: "github(", arg: 0, kind: kindToken},
	{keyword: "token(", arg: 0, kind: kindToken},
	{keyword: "tfc(", arg: 0, kind: kindToken},
	{keyword: "timeseries(", arg: 0, kind: kindKey},
	{keyword: "session(", arg: 0, kind: kindToken},
	{keyword: "url.create(", arg: 2, kind: kindPassword},
	{keyword: "zotero(", arg: 2, kind: kindKey},
	{keyword: "register_census(", arg: 0, kind: kindKey},
	{keyword: "mprester(", arg: 0, kind: kindKey},
	{keyword: "apifyclient(", arg: 0, kind: kindToken},
	{keyword: "entsoepandasclient(", arg: 0, kind: kindKey},
	{keyword: "opencagegeocode(", arg: 0, kind: kindKey},
	{keyword: "set_token(", arg: 0, kind: kindToken},
	{keyword: "rest(", arg: 1, kind: kindKey},
	{keyword: "set_password(", arg: 2, kind: kindPassword},
	{keyword: "hashpw(", arg: 0, kind: kindPassword},
	{keyword: "checkpw(", arg: 0, kind: kindPassword},
	{keyword: "generate_password_hash(", arg: 0, kind: kindPassword},
	{keyword: "check_password_hash(", arg: 1, kind: kindPassword},
	{keyword: "pwd_context.hash(", arg: 0, kind: kindPassword},
	{keyword: "pwd_context.verify(", arg: 0, kind: kindPassword},
	{keyword: "_crypt.hash(", arg: 0, kind: kindPassword},
	{keyword: "make_password(", arg: 0, kind: kindPassword},
	{keyword: "reader.decrypt(", arg: 0, kind: kindPassword},
	{keyword: "keystore.load(", arg: 1, kind: kindPassword},
	{keyword: "load_key_and_certificates(", arg: 1, kind: kindPassword},
	{keyword: "load_pkcs12(", arg: 1, kind: kindPassword},
	{keyword: "url.url(", arg: 2, kind: kindPassword},
	{keyword: " url(", arg: 2, kind: kindPassword},
	{keyword: "req_auth_basic(", arg: 2, kind: kindPassword},
	{keyword: "aes.new(", arg: 0, kind: kindSecret},
	{keyword: "des3.new(", arg: 0, kind: kindSecret},
	{keyword: "arc4.new(", arg: 0, kind: kindSecret},
	{keyword: "blowfish.new(", arg: 0, kind: kindSecret},
	{keyword: "hmac.new(", arg: 0, kind: kindSecret},
	{keyword: "aesgcm(", arg: 0, kind: kindSecret},
	{keyword: "secretbox(", arg: 0, kind: kindSecret},
	{keyword: "urlsafeserializer(", arg: 0, kind: kindSecret},
	{keyword: "urlsafetimedserializer(", arg: 0, kind: kindSecret},
	{keyword: "timestampsigner(", arg: 0, kind: kindSecret},
	{keyword: "extractall(", arg: 2, kind: kindPassword},
	{keyword: "dbconnect(", arg: 3, kind: kindPassword},
	{keyword: "add_password(", arg: 3, kind: kindPassword},
	{keyword: "redis(", arg: 3, kind: kindPassword},
	{keyword: "connect(", arg: 2, kind: kindPassword},
	{keyword: "oracle.connect(", arg: 1, kind: kindPassword},
	{keyword: "oracledb.connect(", arg: 1, kind: kindPassword},
	{keyword: "basic_auth(", arg: 1, kind: kindPassword},
	{keyword: "ftp(", arg: 2, kind: kindPassword},
	{keyword: "ftp_tls(", arg: 2, kind: kindPassword},
	{keyword: "influxdbclient(", arg: 3, kind: kindPassword},
	{keyword: "createconnection(", arg: 2, kind: kindPassword},
	{keyword: "s3filesystem(", arg: 1, kind: kindSecret},
	{keyword: "dropbox(", arg: 0, kind: kindToken},
	{keyword: "webclient(", arg: 0, kind: kindToken},
	{keyword: ".start(", arg: 0, kind: kindToken, form: "{u:24-28}.{u:6}.{u:27-38}"},
	{keyword: ".run(", arg: 0, kind: kindToken, form: "{u:24-28}.{u:6}.{u:27-38}"},
}

const maxArgs = 8

// readCall handles the opening of a call.
func readCall(s *scan, a *action, start, end int) {
	c := a.call
	if is(c.keyword[0], word) && start > 0 && is(s.text[start-1], word) && !s.suffixed(start) {
		return
	}
	if bytes.HasSuffix(s.text[:start], []byte("def ")) || bytes.HasSuffix(s.text[:start], []byte("class ")) {
		return
	}
	v, before, ok := s.argument(end, c.arg)
	if c.kind == kindPassword && c.arg == 1 && (ok && len(v.text) < 2 || ok && len(before) >= 20 && weakWord(v.text)) {
		// many services take a token for the user and no password
		if v, _, ok = s.argument(end, 0); ok && len(v.text) >= 16 && measure(v.text).digit > 1 && believable(kindToken, v.text, v, opAssign, true) {
			s.add(candidate{rule: s.t.byID["generic-token"], rank: rankGeneric, parts: v.parts, name: s.callName(end - 1), preview: "…"})
		}
		return
	}
	if !ok || c.arg == 0 && lookalike(v.text) {
		return
	}
	if c.kind == kindPassword && len(before) == 0 && c.arg > 0 && (len(v.text) < 20 || !measure(v.text).random()) {
		return
	}
	text := v.text
	if c.form != "" && !parseShape(c.form).whole(text) {
		return
	}
	rule := s.service(&split{}, v, text)
	if rule == nil {
		op := opAssign
		switch {
		case c.kind != kindPassword:
			op = opCall
		case c.keyword == "connect(" || c.keyword == "connection(":
			op = opComma // many things connect; a third argument may be a name
		}
		switch {
		case c.form != "" && c.kind != kindPassword:
			if placeholder(text) {
				return
			}
		case !believable(c.kind, text, v, op, true) && (c.kind != kindPassword || !s.human(nil, v, op)), c.kind != kindPassword && len(text) < 20 && (c.kind != kindSecret || len(text) < 16):
			return
		}
		if c.keyword == "connect(" && (lookalike(before) || bytes.IndexByte(text, '/') >= 0 || bytes.HasSuffix(bytes.ToLower(s.text[max(0, start-10):start]), []byte("oracle."))) {
			return // the third argument is the server
		}
		rule = s.generic(c.kind)
	}
	if len(v.parts) > 1 {
		n := len(s.cands)
		if s.within(text, v.spans, ""); len(s.cands) > n {
			return
		}
	}
	s.add(candidate{rule: rule, rank: rankGeneric, parts: v.parts, name: s.callName(end - 1), preview: "…"})
}

// suffixed reports whether the word that ends a function's name begins at i by
// a capital, as in HTTPBasicAuth and SlackApiClient.
func (s *scan) suffixed(i int) bool {
	return is(s.text[i], upper) || s.text[i-1] == '_' || s.text[i-1] == '.'
}

func (s *scan) callName(i int) string {
	return string(s.text[runBack(s.text, i, maxName, word|dot):i])
}

// argumentAt is argument for a list that ends with its line.
func (s *scan) argumentAt(i, n int) (v value, before []byte, ok bool) {
	if at := skipBlank(s.text, i); at < len(s.text) && (s.text[at] == '(' || s.text[at] == '[') {
		i = at + 1
	}
	for k := 0; ; k++ {
		i = skipBlank(s.text, i)
		lit, next, ok := s.literals(i, false)
		if !ok {
			return v, nil, false
		}
		if k == n {
			return lit, before, true
		}
		before = lit.text
		next = skipBlank(s.text, next)
		if k == maxArgs || next >= len(s.text) || s.text[next] != ',' {
			return v, nil, false
		}
		i = next + 1
	}
}

// bracketed returns the end of the dictionary or list that begins at i and
// holds no other, or i.
func bracketed(text []byte, i, limit int) int {
	if i >= limit || text[i] != '{' && text[i] != '[' {
		return i
	}
	end := bytes.IndexByte(text[i:limit], text[i]+2) // }, ]
	if end < 0 || bytes.IndexByte(text[i+1:i+end], text[i]) >= 0 {
		return i
	}
	return i + end + 1
}

// argument returns the n-th positional argument of the call whose arguments
// begin at i, when it is a literal, and the argument before it.
func (s *scan) argument(i, n int) (v value, before []byte, ok bool) {
	limit := min(len(s.text), i+800)
	for k := 0; k < maxArgs && i < limit; k++ {
		i = run(s.text, i, 200, space)
		if i < limit && is(s.text[i], letter) {
			if next, wrapped := unwrap(s.text, i); wrapped {
				i = next
			} else if next, coding := encodedBy(s.text, i); coding != nil {
				i = next
			}
		}
		if _, _, quoted := quoteAt(s.text, i); quoted {
			lit, next, closed := s.literals(i, true)
			if !closed {
				return v, nil, false
			}
			after := run(s.text, next, 200, space)
			if k == n {
				if after < len(s.text) && (s.text[after] == ',' || s.text[after] == ')' || s.text[after] == '.') {
					return lit, before, true
				}
				return v, nil, false
			}
			if after >= limit || s.text[after] != ',' {
				return v, nil, false
			}
			before = lit.text
			i = after + 1
			continue
		}
		// a name or number; a keyword argument ends the positional ones
		end := run(s.text, i, 80, word|dot)
		if end == i {
			end = bracketed(s.text, i, limit)
		}
		after := run(s.text, end, 80, space)
		if end == i || k == n || after >= limit || s.text[after] != ',' {
			return v, nil, false
		}
		before = s.text[i:end]
		i = after + 1
	}
	return v, nil, false
}
