package finding

// Risk is one place in code that will leak a credential when it runs.
type Risk struct {
	Rule     string // the rule's id
	Title    string // what the code does, for people
	Advice   string // what to do instead, a sentence
	Name     string // the variable or setting that is shown; "" when there is none
	Location Location
}
