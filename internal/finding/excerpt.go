package finding

// Excerpt is some lines of a text as a person sees it, with every credential
// in them masked.
type Excerpt struct {
	Line  int // the number of the first of Lines, from 1
	Lines []string
}
