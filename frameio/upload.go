package frameio

// Upload is a file that was made to get its bytes in parts.
type Upload struct {
	File
	Parts []UploadPart
}

// UploadPart says how many bytes go to which address. The address is a secret.
type UploadPart struct {
	Size int64  `json:"size"`
	URL  string `json:"url"`
}

// UploadStatus is how far an upload is.
type UploadStatus struct{ Complete, Failed bool }

// Definition is a field of the metadata that an account has defined. Options are
// those of selections.
type Definition struct {
	ID, Name, Type string
	Options        []Option
	ReadOnly       bool // filled in by Frame.io itself
}

// Option is a choice of a selection.
type Option struct{ ID, Name string }
