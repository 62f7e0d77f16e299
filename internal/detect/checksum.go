package detect

import "hash/crc32"

// checkGitHub reports whether a token ends in the checksum that GitHub and npm
// give theirs: the CRC-32 of the thirty characters before it, in base 62 (digits,
// upper, lower case), six places. The prefix is not part of it.
func checkGitHub(token []byte) bool {
	if len(token) != 40 {
		return false
	}
	const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := crc32.ChecksumIEEE(token[4:34])
	for i := 39; i >= 34; i-- {
		if token[i] != base62[sum%62] {
			return false
		}
		sum /= 62
	}
	return true
}

// notNamedResource reports whether a key of Azure's common form is not of a
// resource that has a rule of its own: bytes 76 to 79 say of which it is.
func notNamedResource(token []byte) bool {
	signature := string(token[76:80])
	return signature != "ACOG" && signature != "AZDO"
}

// checkFacebook reports whether a token that begins like one of Facebook's is no
// run of zeros in base64, nor one of Square's, which begin with EAAA.
func checkFacebook(token []byte) bool {
	return token[3] != 'A' && !all(token, letter)
}
