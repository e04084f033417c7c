package daggerlocal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/Khan/genqlient/graphql"
	"github.com/dagger/querybuilder"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The environment variables by which a session is reached.
const (
	portVariable  = "DAGGER_SESSION_PORT"
	tokenVariable = "DAGGER_SESSION_TOKEN"
)

// ErrNoSession is why a query fails outside of a session.
var ErrNoSession = errors.New("there is no Dagger session: " + portVariable + " and " + tokenVariable + " are not set; use dagger call, or dagger run")

// Client makes queries in one session.
type Client struct{ q *querybuilder.Selection }

// Connect returns a client for the session that the environment names. Where it
// names none, or not rightly, the first query says so.
func Connect() *Client {
	return &Client{q: querybuilder.Query().Client(failing{graphqlClient()})}
}

func graphqlClient() graphql.Client {
	port, ok := os.LookupEnv(portVariable)
	if !ok {
		return broken{ErrNoSession}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return broken{fmt.Errorf("%s is a port, not %q", portVariable, port)}
	}
	return graphql.NewClient("http://127.0.0.1:"+port+"/query", doer{token: os.Getenv(tokenVariable)})
}

// doer adds the session's token as the user of basic authentication.
type doer struct{ token string }

func (d doer) Do(r *http.Request) (*http.Response, error) {
	r.SetBasicAuth(d.token, "")
	return http.DefaultClient.Do(r)
}

// broken fails every request.
type broken struct{ err error }

func (b broken) MakeRequest(context.Context, *graphql.Request, *graphql.Response) error { return b.err }

// failing gives a failed command its own type of error.
type failing struct{ graphql.Client }

func (f failing) MakeRequest(ctx context.Context, req *graphql.Request, resp *graphql.Response) error {
	err := f.Client.MakeRequest(ctx, req, resp)
	var said gqlerror.List
	if errors.As(err, &said) && len(said) > 0 {
		return explain(said[0])
	}
	return err
}

// ExecError is a command that ended with an exit code other than zero.
type ExecError struct {
	Cmd      []string
	ExitCode int
	Stdout   string
	Stderr   string

	message string
}

func (e *ExecError) Error() string { return e.message }

// explain reads what the engine says of a failed command,
// https://docs.dagger.io/api/errors.
func explain(e *gqlerror.Error) error {
	if kind, _ := e.Extensions["_type"].(string); kind != "EXEC_ERROR" {
		return errors.New(e.Message)
	}
	out := &ExecError{message: e.Message}
	if code, ok := e.Extensions["exitCode"].(float64); ok {
		out.ExitCode = int(code)
	}
	out.Stdout, _ = e.Extensions["stdout"].(string)
	out.Stderr, _ = e.Extensions["stderr"].(string)
	words, _ := e.Extensions["cmd"].([]any)
	for _, w := range words {
		out.Cmd = append(out.Cmd, fmt.Sprint(w))
	}
	return out
}

// ID names an object of the session.
type ID string

// object is what all objects share: the query that leads to it.
type object struct{ q *querybuilder.Selection }

func (o object) id(ctx context.Context) (ID, error) { return get[ID](ctx, o.q.Select("id")) }

// XXX_GraphQLType, XXX_GraphQLIDType, XXX_GraphQLID and MarshalJSON make an
// object an argument of a query.
func (o object) XXX_GraphQLType() string { return "Node" } //nolint:staticcheck // the name that the client looks for

func (o object) XXX_GraphQLIDType() string { return "ID" } //nolint:staticcheck // as above

func (o object) XXX_GraphQLID(ctx context.Context) (string, error) { //nolint:staticcheck // as above
	id, err := o.id(ctx)
	return string(id), err
}

func (o object) MarshalJSON() ([]byte, error) {
	id, err := o.id(context.Background())
	if err != nil {
		return nil, err
	}
	return json.Marshal(id)
}

// get runs a query for one value.
func get[T any](ctx context.Context, q *querybuilder.Selection) (T, error) {
	var v T
	err := q.Bind(&v).Execute(ctx)
	return v, err
}

// node is the object of a type that an ID names.
func node(q *querybuilder.Selection, id ID, kind string) object {
	return object{q.Root().Select("node").Arg("id", id).InlineFragment(kind)}
}

// Container is a container without an image.
func (c *Client) Container() *Container { return &Container{object{c.q.Select("container")}} }

// Directory is an empty directory.
func (c *Client) Directory() *Directory { return &Directory{object{c.q.Select("directory")}} }

// Version is the engine's version.
func (c *Client) Version(ctx context.Context) (string, error) {
	return get[string](ctx, c.q.Select("version"))
}

// CacheVolume is a volume that outlives sessions.
func (c *Client) CacheVolume(key string) *CacheVolume {
	return &CacheVolume{object{c.q.Select("cacheVolume").Arg("key", key)}}
}

// CurrentModule is the module that runs.
func (c *Client) CurrentModule() *CurrentModule {
	return &CurrentModule{object{c.q.Select("currentModule")}}
}

// SetSecret makes a secret of a text.
func (c *Client) SetSecret(name, plaintext string) *Secret {
	return &Secret{object{c.q.Select("setSecret").Arg("name", name).Arg("plaintext", plaintext)}}
}

// CacheVolume is a volume that outlives sessions.
type CacheVolume struct{ object }

// Secret is a value that no log and no cache shows.
type Secret struct{ object }

// Plaintext is the value.
func (s *Secret) Plaintext(ctx context.Context) (string, error) {
	return get[string](ctx, s.q.Select("plaintext"))
}

// CurrentModule is the module that runs.
type CurrentModule struct{ object }

// Source is the module's source.
func (m *CurrentModule) Source() *Directory { return &Directory{object{m.q.Select("source")}} }

// Workdir is a folder of the machine that the module runs on, below its working
// directory.
func (m *CurrentModule) Workdir(path string) *Directory {
	return &Directory{object{m.q.Select("workdir").Arg("path", path)}}
}

// WorkdirFile is a file there.
func (m *CurrentModule) WorkdirFile(path string) *File {
	return &File{object{m.q.Select("workdirFile").Arg("path", path)}}
}
