package report

import "github.com/nbseal/nbseal/internal/finding"

// The objects of SARIF as far as they are written, each with its section of the
// standard.

type sarifTail struct { // what follows the results in a run: 3.14
	Artifacts   []sarifArtifact   `json:"artifacts,omitempty"`
	Invocations []sarifInvocation `json:"invocations"`
	Tool        sarifTool         `json:"tool"`
	Properties  sarifCounts       `json:"properties"`
}

type sarifCounts struct { // a property bag: 3.8
	Files      int   `json:"files"`
	Notebooks  int   `json:"notebooks"`
	Bytes      int64 `json:"bytes"`
	Skipped    int   `json:"skipped"`
	Suppressed int   `json:"suppressed"`
	Risks      int   `json:"risks"`
	Commits    int   `json:"commits,omitempty"`
}

type sarifTool struct { // 3.18
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct { // 3.19
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct { // reportingDescriptor: 3.49
	ID         string              `json:"id"`
	Name       string              `json:"name,omitempty"`
	Short      sarifMessage        `json:"shortDescription"`
	Full       sarifMessage        `json:"fullDescription"`
	Help       sarifMessage        `json:"help"`
	HelpURI    string              `json:"helpUri,omitempty"`
	Default    sarifConfiguration  `json:"defaultConfiguration"`
	Properties sarifRuleProperties `json:"properties"`

	severity finding.Severity
	advice   string // "" for a rule of findings
}

type sarifConfiguration struct { // reportingConfiguration: 3.50
	Level string `json:"level"`
}

type sarifRuleProperties struct { // names are GitHub's
	Tags  []string `json:"tags"`
	Score string   `json:"security-severity,omitempty"`
}

type sarifMessage struct { // message, 3.11, and multiformatMessageString, 3.12
	Text string `json:"text"`
}

type sarifArtifact struct { // 3.24
	Location sarifArtifactLocation `json:"location"`
	MIME     string                `json:"mimeType,omitempty"`
}

type sarifArtifactLocation struct { // 3.4
	URI         string        `json:"uri"`
	BaseID      string        `json:"uriBaseId,omitempty"`
	Index       *int          `json:"index,omitempty"`
	Description *sarifMessage `json:"description,omitempty"`
}

type sarifInvocation struct { // 3.20
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct { // 3.58
	Level     string          `json:"level"`
	Message   sarifMessage    `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifResult struct { // 3.27
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifMessage      `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints sarifFingerprints `json:"partialFingerprints"`

	Properties *sarifResultProperties `json:"properties,omitempty"` // 3.8
}

type sarifResultProperties struct { // as in findings.md
	Commit *wireCommit `json:"commit"`
}

type sarifFingerprints struct {
	Own    string `json:"nbsealFingerprint/v1"`
	GitHub string `json:"primaryLocationLineHash"`
}

type sarifLocation struct { // 3.28
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct { // 3.29
	Artifact sarifArtifactLocation `json:"artifactLocation"`
	Region   *sarifRegion          `json:"region,omitempty"`
}

type sarifRegion struct { // 3.30; without columns it is the whole line
	StartLine   int          `json:"startLine"`
	StartColumn int          `json:"startColumn,omitempty"`
	EndLine     int          `json:"endLine,omitempty"`
	EndColumn   int          `json:"endColumn,omitempty"`
	Properties  *sarifOffset `json:"properties,omitempty"`
}

type sarifOffset struct { // in bytes of the file, as in findings.md
	Offset int `json:"offset"`
	Length int `json:"length"`
}

type sarifLogical struct { // 3.33
	Name       string     `json:"name"`
	Full       string     `json:"fullyQualifiedName"`
	Kind       string     `json:"kind"`
	Properties sarifPlace `json:"properties"`
}

type sarifPlace struct { // as in findings.md
	Cell      int    `json:"cell"`
	CellID    string `json:"cellId,omitempty"`
	Where     string `json:"where"`
	Output    int    `json:"output,omitempty"`
	MIME      string `json:"mime,omitempty"`
	Key       string `json:"key,omitempty"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
}
