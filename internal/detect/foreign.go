package detect

import "strings"

// foreignWords are names of credentials in languages that do not write them as
// one word of ASCII, each with the piece of it that the prefilter looks for, whose
// columns are few, and the English name that says the same.
var foreignWords = []struct{ word, anchor, means string }{
	{"contraseña", "contrase", "password"}, {"lösenord", "senord", "password"},
	{"密码", "\xaf\x86", "password"}, {"密碼", "\xaf\x86", "password"}, {"密钥", "\xaf\x86", "secret_key"}, {"密鑰", "\xaf\x86", "secret_key"},
	{"пароль", "\xb0\xd1\x80", "password"}, {"Пароль", "\xb0\xd1\x80", "password"}, {"비밀번호", "\xb0\x80", "password"},
	{"パスワード", "\x83\xbc", "password"}, {"apiキー", "\x83\xbc", "api_key"}, {"アクセスキー", "\x83\xbc", "access_key"},
	{"シークレットキー", "\x83\xbc", "secret_key"}, {"トークン", "\x83\xbc", "token"},
	{"api-schlüssel", "api-schl", "api_key"}, {"api-schluessel", "api-schl", "api_key"}, {"api schlüssel", "api schl", "api_key"},
	{"zugriffsschlüssel", "zugriffsschl", "access_key"}, {"zugangsschlüssel", "zugangsschl", "access_key"},
	{"clé d'api", "d'api", "api_key"}, {"cle d'api", "d'api", "api_key"}, {"jeton", "jeton", "token"}, {"jeton d'accès", "jeton d'acc", "access_token"},
	{"clave de api", "clave de api", "api_key"}, {"clave api", "clave api", "api_key"}, {"clave secreta", "clave secreta", "secret_key"},
	{"chave de api", "chave", "api_key"}, {"chave da api", "chave", "api_key"}, {"chave api", "chave", "api_key"}, {"chave secreta", "chave", "secret_key"},
	{"chiave api", "chiave", "api_key"}, {"chiave segreta", "chiave", "secret_key"}, {"klucz api", "klucz", "api_key"},
	{"api-sleutel", "sleutel", "api_key"}, {"api sleutel", "sleutel", "api_key"},
}

// readForeign handles the piece of such a name.
func readForeign(s *scan, _ *action, start, _ int) {
	for _, f := range foreignWords {
		from := start - strings.Index(f.word, f.anchor)
		if to := from + len(f.word); from >= 0 && to <= len(s.text) && lowered(string(s.text[from:to])) == f.word {
			s.foreign(from, to, f.means)
		}
	}
}

// foreign judges the value of the name at [start,end), which means another.
func (s *scan) foreign(start, end int, means string) {
	op, at := s.operator(start, end)
	if op == opTargets || end <= s.named {
		return
	}
	s.named = end
	var p split
	p.parse([]byte(means))
	k, before := p.classify(), len(s.cands)
	if op != opNone {
		if v, ok := s.valueAt(at, start, op); ok {
			s.weigh(&p, k, s.text[start:end], v, op)
		}
	}
	if len(s.cands) == before && !s.in.Language.code() && (op == opNone || s.text[at-1] == '|') {
		s.column(&p, k, start, end)
	}
}
