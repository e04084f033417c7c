package daggerlocal

import "context"

// Container is a root file system with a configuration, or what a command left
// of one. Its methods make queries; nothing happens until a value is asked for.
type Container struct{ object }

func (c *Container) with(name string, args ...any) *Container {
	q := c.q.Select(name)
	for i := 0; i+1 < len(args); i += 2 {
		q = q.Arg(args[i].(string), args[i+1])
	}
	return &Container{object{q}}
}

// From takes the image at an address.
func (c *Container) From(address string) *Container { return c.with("from", "address", address) }

// ContainerWithExecOpts says how a command is run.
type ContainerWithExecOpts struct {
	// InsecureRootCapabilities grants all capabilities.
	InsecureRootCapabilities bool
}

// WithExec runs a command.
func (c *Container) WithExec(args []string, opts ...ContainerWithExecOpts) *Container {
	pairs := []any{"args", args}
	for _, o := range opts {
		if o.InsecureRootCapabilities {
			pairs = append(pairs, "insecureRootCapabilities", true)
		}
	}
	return c.with("withExec", pairs...)
}

// ContainerWithMountedDirectoryOpts says how a directory is mounted.
type ContainerWithMountedDirectoryOpts struct {
	// ReadOnly mounts it read-only.
	ReadOnly bool
}

// WithMountedDirectory mounts a directory; what is written there is no part of
// the root file system.
func (c *Container) WithMountedDirectory(path string, source *Directory, opts ...ContainerWithMountedDirectoryOpts) *Container {
	pairs := []any{"path", path, "source", source}
	for _, o := range opts {
		if o.ReadOnly {
			pairs = append(pairs, "readOnly", true)
		}
	}
	return c.with("withMountedDirectory", pairs...)
}

// WithMountedFile mounts a file.
func (c *Container) WithMountedFile(path string, source *File) *Container {
	return c.with("withMountedFile", "path", path, "source", source)
}

// WithMountedCache mounts a cache volume.
func (c *Container) WithMountedCache(path string, cache *CacheVolume) *Container {
	return c.with("withMountedCache", "path", path, "cache", cache)
}

// WithMountedSecret mounts a secret as a file.
func (c *Container) WithMountedSecret(path string, source *Secret) *Container {
	return c.with("withMountedSecret", "path", path, "source", source)
}

// WithMountedTemp mounts an empty directory that the next command alone sees.
func (c *Container) WithMountedTemp(path string) *Container {
	return c.with("withMountedTemp", "path", path)
}

// WithEnvVariable sets an environment variable.
func (c *Container) WithEnvVariable(name, value string) *Container {
	return c.with("withEnvVariable", "name", name, "value", value)
}

// WithSecretVariable sets an environment variable to a secret.
func (c *Container) WithSecretVariable(name string, secret *Secret) *Container {
	return c.with("withSecretVariable", "name", name, "secret", secret)
}

// WithWorkdir sets the working directory.
func (c *Container) WithWorkdir(path string) *Container { return c.with("withWorkdir", "path", path) }

// WithUser sets the user.
func (c *Container) WithUser(name string) *Container { return c.with("withUser", "name", name) }

// WithDirectory copies a directory into the root file system.
func (c *Container) WithDirectory(path string, source *Directory) *Container {
	return c.with("withDirectory", "path", path, "source", source)
}

// WithFile copies a file into the root file system.
func (c *Container) WithFile(path string, source *File) *Container {
	return c.with("withFile", "path", path, "source", source)
}

// Directory is a directory of the container, mounted ones too.
func (c *Container) Directory(path string) *Directory {
	return &Directory{object{c.q.Select("directory").Arg("path", path)}}
}

// File is a file of the container.
func (c *Container) File(path string) *File {
	return &File{object{c.q.Select("file").Arg("path", path)}}
}

// Rootfs is the root file system.
func (c *Container) Rootfs() *Directory { return &Directory{object{c.q.Select("rootfs")}} }

// ImageRef is the image's address with its digest, right after From.
func (c *Container) ImageRef(ctx context.Context) (string, error) {
	return get[string](ctx, c.q.Select("imageRef"))
}

// EnvVariables are the variables of its environment.
func (c *Container) EnvVariables(ctx context.Context) ([]EnvVariable, error) {
	found, err := get[[]struct{ ID ID }](ctx, c.q.Select("envVariables").Select("id"))
	if err != nil {
		return nil, err
	}
	var out []EnvVariable
	for _, v := range found {
		out = append(out, EnvVariable{node(c.q, v.ID, "EnvVariable")})
	}
	return out, nil
}

// EnvVariable is a variable of an environment.
type EnvVariable struct{ object }

// Name is its name.
func (v *EnvVariable) Name(ctx context.Context) (string, error) {
	return get[string](ctx, v.q.Select("name"))
}

// Value is its value.
func (v *EnvVariable) Value(ctx context.Context) (string, error) {
	return get[string](ctx, v.q.Select("value"))
}

// Entrypoint is what its own process begins with.
func (c *Container) Entrypoint(ctx context.Context) ([]string, error) {
	return get[[]string](ctx, c.q.Select("entrypoint"))
}

// DefaultArgs are the arguments of its own process.
func (c *Container) DefaultArgs(ctx context.Context) ([]string, error) {
	return get[[]string](ctx, c.q.Select("defaultArgs"))
}

// User is who its own process runs as.
func (c *Container) User(ctx context.Context) (string, error) {
	return get[string](ctx, c.q.Select("user"))
}

// Workdir is where its own process runs.
func (c *Container) Workdir(ctx context.Context) (string, error) {
	return get[string](ctx, c.q.Select("workdir"))
}

// Stdout is what the last command printed.
func (c *Container) Stdout(ctx context.Context) (string, error) {
	return get[string](ctx, c.q.Select("stdout"))
}

// Sync runs all that leads to the container. A command that fails gives an
// *ExecError.
func (c *Container) Sync(ctx context.Context) (*Container, error) {
	id, err := get[ID](ctx, c.q.Select("sync"))
	if err != nil {
		return nil, err
	}
	return &Container{node(c.q, id, "Container")}, nil
}
