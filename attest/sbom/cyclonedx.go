package sbom

import (
	"bytes"
	"fmt"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// CycloneDX returns the bill as CycloneDX 1.6
// (https://cyclonedx.org/docs/1.6/json/).
func CycloneDX(in Input) ([]byte, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	digest, err := in.digest()
	if err != nil {
		return nil, err
	}
	bom := cyclonedx.NewBOM()
	bom.SpecVersion = cyclonedx.SpecVersion1_6
	bom.JSONSchema = "http://cyclonedx.org/schema/bom-1.6.schema.json"
	bom.SerialNumber = "urn:uuid:" + uuid(digest)
	root := component(in.Crates[in.Root])
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: in.Created.UTC().Format(time.RFC3339),
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{
			Type: cyclonedx.ComponentTypeApplication, Name: in.Tool, Version: in.ToolVersion,
		}}},
		Component: &root,
	}
	components := []cyclonedx.Component{}
	dependencies := []cyclonedx.Dependency{}
	for i, c := range in.Crates {
		if i != in.Root {
			components = append(components, component(c))
		}
		on := []string{}
		for _, d := range c.Dependencies {
			on = append(on, in.Crates[d].PackageURL())
		}
		dependencies = append(dependencies, cyclonedx.Dependency{Ref: c.PackageURL(), Dependencies: &on})
	}
	bom.Components, bom.Dependencies = &components, &dependencies
	var out bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON)
	if err := encoder.EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("sbom: write CycloneDX: %w", err)
	}
	return out.Bytes(), nil
}

func component(c Crate) cyclonedx.Component {
	out := cyclonedx.Component{
		Type: cyclonedx.ComponentTypeLibrary, Name: c.Name, Version: c.Version,
		BOMRef: c.PackageURL(), PackageURL: c.PackageURL(),
	}
	if c.Checksum != "" {
		out.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: c.Checksum}}
	}
	return out
}

// uuid makes a UUID of version 8 (RFC 9562: the bits are the maker's own) from
// a digest in hex.
func uuid(digest string) string {
	return digest[:8] + "-" + digest[8:12] + "-8" + digest[13:16] + "-8" + digest[17:20] + "-" + digest[20:32]
}
