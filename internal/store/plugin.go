package store

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/nbseal/nbseal/internal/secret"
)

// ErrPlugin says that a plugin is needed that may not or cannot be run.
var ErrPlugin = errors.New("an age plugin is needed")

// Plugins allows programs called age-plugin-NAME, looked for in PATH, to be run
// for recipients and identities that name them, and says how they talk with a
// person. A nil *Plugins allows none. The texts of a plugin are what it says,
// without the characters that steer a terminal.
type Plugins struct {
	// Show shows a message. If nil, the plugin is told that it cannot be shown.
	Show func(plugin, message string) error
	// Ask asks for a value, hidden if it is secret. If nil, nobody can be asked.
	Ask func(plugin, prompt string, hidden bool) (secret.Value, error)
	// Confirm asks for a choice; no is empty where there is only one.
	Confirm func(plugin, prompt, yes, no string) (bool, error)
	// Waiting is called, in a goroutine of its own, when a plugin has not
	// answered for five seconds: it may wait for a touch.
	Waiting func(plugin string)
}

// ui is p as package plugin wants it.
func (p *Plugins) ui() *plugin.ClientUI {
	ui := &plugin.ClientUI{}
	if p.Show != nil {
		ui.DisplayMessage = func(name, message string) error { return p.Show(name, plain(message)) }
	}
	if p.Ask != nil {
		ui.RequestValue = func(name, prompt string, hidden bool) (string, error) {
			v, err := p.Ask(name, plain(prompt), hidden)
			defer v.Wipe()
			return string(v.Reveal()), err
		}
	}
	if p.Confirm != nil {
		ui.Confirm = func(name, prompt, yes, no string) (bool, error) {
			return p.Confirm(name, plain(prompt), plain(yes), plain(no))
		}
	}
	ui.WaitTimer = p.Waiting
	return ui
}

// plain is s without the characters that steer a terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if isControl(r) && r != '\n' {
			return -1
		}
		return r
	}, s)
}

func (p *Plugins) recipient(name, text string) age.Recipient {
	if p == nil {
		return barred(name)
	}
	r, err := plugin.NewRecipient(text, p.ui())
	if err != nil {
		return barred(name)
	}
	return pluginRecipient{r}
}

func (p *Plugins) identity(text string) (age.Identity, error) {
	name, _, err := plugin.ParseIdentity(text)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return barred(name), nil
	}
	id, err := plugin.NewIdentity(text, p.ui())
	if err != nil {
		return nil, err
	}
	return pluginIdentity{id}, nil
}

// pluginRecipient is a plugin's recipient whose errors say what to do.
type pluginRecipient struct{ *plugin.Recipient }

func (r pluginRecipient) WrapWithLabels(key []byte) ([]*age.Stanza, []string, error) {
	stanzas, labels, err := r.Recipient.WrapWithLabels(key)
	return stanzas, labels, explainPlugin(r.Name(), err)
}

// pluginIdentity is the same for an identity.
type pluginIdentity struct{ *plugin.Identity }

func (i pluginIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := i.Identity.Unwrap(stanzas)
	return key, explainPlugin(i.Name(), err)
}

func explainPlugin(name string, err error) error {
	if _, missing := errors.AsType[*plugin.NotFoundError](err); missing {
		return fmt.Errorf("%w: the program age-plugin-%s is not in PATH", ErrPlugin, name)
	}
	return err
}

// barred is a recipient or identity of a plugin that may not run.
type barred string

func (b barred) Wrap([]byte) ([]*age.Stanza, error) { return nil, b.err() }

func (b barred) Unwrap([]*age.Stanza) ([]byte, error) { return nil, b.err() }

func (b barred) err() error {
	return fmt.Errorf("%w: age-plugin-%s, and none may run here", ErrPlugin, string(b))
}
