package keyring

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/godbus/dbus/v5"

	"github.com/nbseal/nbseal/internal/secret"
)

// The Secret Service API, https://specifications.freedesktop.org/secret-service/.
// It is spoken here and not by go-keyring, whose calls have no end when the
// service does not answer or waits for a dialogue.
const (
	busName     = "org.freedesktop.secrets"
	servicePath = "/org/freedesktop/secrets"
	service     = "org.freedesktop.Secret.Service"
	collection  = "org.freedesktop.Secret.Collection"
	item        = "org.freedesktop.Secret.Item"
	noObject    = dbus.ObjectPath("/")
)

// transfer is the Secret structure of the API.
type transfer struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

// client is a connection to the Secret Service; it ends with its context.
type client struct {
	ctx  context.Context
	conn *dbus.Conn
}

func (k Keyring) connect(ctx context.Context) (*client, error) {
	address := k.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if address == "" {
		socket := filepath.Join(k.Getenv("XDG_RUNTIME_DIR"), "bus")
		if _, err := os.Stat(socket); !filepath.IsAbs(socket) || err != nil {
			return nil, ErrNone
		}
		address = "unix:path=" + dbus.EscapeBusAddressValue(socket)
	}
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNone
	case err != nil:
		return nil, errors.Join(ErrNone, err)
	}
	return &client{ctx, conn}, nil
}

// call calls a method and stores what it answers.
func (c *client) call(path dbus.ObjectPath, method string, args []any, results ...any) error {
	err := c.conn.Object(busName, path).CallWithContext(c.ctx, method, 0, args...).Store(results...)
	if c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	var answer dbus.Error
	if errors.As(err, &answer) {
		switch answer.Name {
		case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner":
			return ErrNone
		case "org.freedesktop.Secret.Error.IsLocked":
			return ErrLocked
		}
	}
	return err
}

func attributes(svc, user string) map[string]string {
	return map[string]string{"service": svc, "username": user}
}

// find returns an entry that can be read.
func (c *client) find(svc, user string) (dbus.ObjectPath, error) {
	var open, locked []dbus.ObjectPath
	if err := c.call(servicePath, service+".SearchItems", []any{attributes(svc, user)}, &open, &locked); err != nil {
		return "", err
	}
	switch {
	case len(open) > 0:
		return open[0], nil
	case len(locked) > 0:
		return "", ErrLocked
	}
	return "", ErrNotFound
}

// session opens a session that transfers texts as they are.
func (c *client) session() (path dbus.ObjectPath, err error) {
	var output dbus.Variant
	err = c.call(servicePath, service+".OpenSession", []any{"plain", dbus.MakeVariant("")}, &output, &path)
	return path, err
}

func (k Keyring) get(ctx context.Context, svc, user string) (secret.Value, error) {
	c, err := k.connect(ctx)
	if err != nil {
		return secret.Value{}, err
	}
	defer c.conn.Close()
	path, err := c.find(svc, user)
	if err != nil {
		return secret.Value{}, err
	}
	session, err := c.session()
	if err != nil {
		return secret.Value{}, err
	}
	var got transfer
	if err := c.call(path, item+".GetSecret", []any{session}, &got); err != nil {
		return secret.Value{}, err
	}
	return secret.New(got.Value), nil
}

// home is the collection for new entries: the one that logging in unlocks, else
// the default.
func (c *client) home() (dbus.ObjectPath, error) {
	for _, alias := range []string{"login", "default"} {
		var path dbus.ObjectPath
		if err := c.call(servicePath, service+".ReadAlias", []any{alias}, &path); err != nil {
			return "", err
		}
		if path == noObject {
			continue
		}
		var locked dbus.Variant
		if err := c.call(path, "org.freedesktop.DBus.Properties.Get", []any{collection, "Locked"}, &locked); err != nil {
			return "", err
		}
		if is, ok := locked.Value().(bool); !ok || is {
			return "", ErrLocked
		}
		return path, nil
	}
	return "", ErrNone
}

func (k Keyring) set(ctx context.Context, svc, user string, text secret.Value) error {
	c, err := k.connect(ctx)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	home, err := c.home()
	if err != nil {
		return err
	}
	session, err := c.session()
	if err != nil {
		return err
	}
	properties := map[string]dbus.Variant{
		item + ".Label":      dbus.MakeVariant("nbseal: " + user),
		item + ".Attributes": dbus.MakeVariant(attributes(svc, user)),
	}
	value := transfer{Session: session, Parameters: []byte{}, Value: text.Reveal(), ContentType: "text/plain; charset=utf8"}
	var made, prompt dbus.ObjectPath
	if err := c.call(home, collection+".CreateItem", []any{properties, value, true}, &made, &prompt); err != nil {
		return err
	}
	return prompted(prompt)
}

func (k Keyring) remove(ctx context.Context, svc, user string) error {
	c, err := k.connect(ctx)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	path, err := c.find(svc, user)
	if err != nil {
		return err
	}
	var prompt dbus.ObjectPath
	if err := c.call(path, item+".Delete", nil, &prompt); err != nil {
		return err
	}
	return prompted(prompt)
}

// prompted is ErrLocked where the service wants to ask somebody first.
func prompted(prompt dbus.ObjectPath) error {
	if prompt != noObject {
		return ErrLocked
	}
	return nil
}
