package sbom

import (
	"bytes"
	"fmt"
	"time"

	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// namespace is where the documents of SPDX are named; nothing lies there.
const namespace = "https://github.com/sixtyhq/sixty/spdx/"

const noAssertion = "NOASSERTION"

// SPDX returns the bill as SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/).
// Licences are not asserted: a lockfile doesn't name them.
func SPDX(in Input) ([]byte, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	digest, err := in.digest()
	if err != nil {
		return nil, err
	}
	root := in.Crates[in.Root]
	doc := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName:      root.Name + "-" + root.Version,
		DocumentNamespace: namespace + root.Name + "-" + digest[:32],
		CreationInfo: &spdx.CreationInfo{
			Created:  in.Created.UTC().Format(time.RFC3339),
			Creators: []common.Creator{{CreatorType: "Tool", Creator: in.Tool + "-" + in.ToolVersion}},
		},
	}
	id := func(i int) common.ElementID { return common.ElementID(fmt.Sprintf("Package-%d", i)) }
	relate := func(a common.ElementID, kind string, b common.ElementID) {
		doc.Relationships = append(doc.Relationships, &spdx.Relationship{
			RefA: common.DocElementID{ElementRefID: a}, Relationship: kind, RefB: common.DocElementID{ElementRefID: b},
		})
	}
	relate("DOCUMENT", common.TypeRelationshipDescribe, id(in.Root))
	for i, c := range in.Crates {
		doc.Packages = append(doc.Packages, spdxPackage(id(i), c))
		for _, d := range c.Dependencies {
			relate(id(i), common.TypeRelationshipDependsOn, id(d))
		}
	}
	var out bytes.Buffer
	if err := json.Write(doc, &out); err != nil {
		return nil, fmt.Errorf("sbom: write SPDX: %w", err)
	}
	return out.Bytes(), nil
}

func spdxPackage(id common.ElementID, c Crate) *spdx.Package {
	p := &spdx.Package{
		PackageName: c.Name, PackageSPDXIdentifier: id, PackageVersion: c.Version,
		PackageDownloadLocation: noAssertion, PackageLicenseConcluded: noAssertion,
		PackageLicenseDeclared: noAssertion, PackageCopyrightText: noAssertion,
		PackageExternalReferences: []*spdx.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: c.PackageURL(),
		}},
	}
	if c.Checksum != "" {
		p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: c.Checksum}}
	}
	return p
}
