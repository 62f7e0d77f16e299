package detect

// class is a set of bytes, as the union of a few basic ones.
type class uint16

const (
	hexLow    class = 1 << iota // a-f
	restLow                     // g-z
	hexUp                       // A-F
	restUp                      // G-Z
	digitLow                    // 2-7, the digits of base32
	restDig                     // 0 1 8 9
	under                       // _
	dash                        // -
	dot                         // .
	plusSlash                   // + /
	equals                      // =
	tilde                       // ~
	percent                     // %
	punct                       // other visible ASCII, without quotes, backslash and backtick
	space                       // space, tab, CR, LF
	high                        // 0x80 and above
)

// Unions.
const (
	lower  = hexLow | restLow
	upper  = hexUp | restUp
	letter = lower | upper
	digit  = digitLow | restDig
	alnum  = letter | digit
	word   = alnum | under
	b64url = word | dash
	b64std = alnum | plusSlash
)

var classes = func() (t [256]class) {
	set := func(s string, c class) {
		for i := range len(s) {
			t[s[i]] = c
		}
	}
	set("abcdef", hexLow)
	set("ghijklmnopqrstuvwxyz", restLow)
	set("ABCDEF", hexUp)
	set("GHIJKLMNOPQRSTUVWXYZ", restUp)
	set("234567", digitLow)
	set("0189", restDig)
	set("_", under)
	set("-", dash)
	set(".", dot)
	set("+/", plusSlash)
	set("=", equals)
	set("~", tilde)
	set("%", percent)
	set("!#$&()*,:;<>?@[]^{|}", punct)
	set(" \t\r\n", space)
	for i := 0x80; i < 256; i++ {
		t[i] = high
	}
	return t
}()

func is(b byte, c class) bool { return classes[b]&c != 0 }

// run returns the end of the bytes of class c that begin at i, at most max.
func run(text []byte, i, max int, c class) int {
	end := min(len(text), i+max)
	for i < end && classes[text[i]]&c != 0 {
		i++
	}
	return i
}

// runBack returns the start of the bytes of class c that end before i, at most max.
func runBack(text []byte, i, max int, c class) int {
	end := i - max
	for i > 0 && i > end && classes[text[i-1]]&c != 0 {
		i--
	}
	return i
}

// all reports whether every byte of b is in c.
func all(b []byte, c class) bool {
	for _, x := range b {
		if classes[x]&c == 0 {
			return false
		}
	}
	return true
}
