package verify

import (
	"encoding/base64"
	"encoding/json"
)

// Envelope takes the DSSE envelope out of a bundle, as JSON in the form of the
// DSSE specification, for programs that read envelopes and not bundles
// (slsa-verifier). It checks the bundle's form, not its signature: that is
// for whoever reads the envelope.
func Envelope(raw []byte) ([]byte, error) {
	bundle, err := parse(raw)
	if err != nil {
		return nil, err
	}
	type signature struct {
		Sig string `json:"sig"`
	}
	e := bundle.GetDsseEnvelope()
	return json.Marshal(struct {
		PayloadType string      `json:"payloadType"`
		Payload     string      `json:"payload"`
		Signatures  []signature `json:"signatures"`
	}{
		e.GetPayloadType(), base64.StdEncoding.EncodeToString(e.GetPayload()),
		[]signature{{base64.StdEncoding.EncodeToString(e.GetSignatures()[0].GetSig())}},
	})
}
