package frameiosim

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
)

// Media is what Frame.io learns about a file by looking into it.
type Media struct {
	FPS           float64 // frames a second; 29.97 and 59.94 count in drop-frame timecode
	Duration      float64 // seconds
	Width, Height int
	Codec         string
	Pages         int // of a document
}

var mediaTypes = map[string]string{
	".mp4": "video/mp4", ".m4v": "video/x-m4v", ".mov": "video/quicktime", ".mxf": "application/mxf",
	".avi": "video/x-msvideo",
	".mkv": "video/x-matroska", ".webm": "video/webm", ".mpg": "video/mpeg", ".wav": "audio/x-wav",
	".mp3": "audio/mpeg", ".aif": "audio/x-aiff",
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".tif": "image/tiff",
	".tiff": "image/tiff",
	".psd":  "image/vnd.adobe.photoshop", ".svg": "image/svg+xml", ".pdf": "application/pdf", ".txt": "text/plain",
	".csv":  "text/csv",
	".json": "application/json", ".zip": "application/zip",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

// mediaType is derived from the name, as Frame.io does when a file is created.
func mediaType(name string) string {
	if t, ok := mediaTypes[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}

func (f *fileInfo) isVideo() bool {
	return strings.HasPrefix(f.mediaType, "video/") || f.mediaType == "application/mxf"
}

const defaultFPS = 24

func (f *fileInfo) fps() float64 {
	if f.media.FPS > 0 {
		return f.media.FPS
	}
	return defaultFPS
}

// dropped is how many frame numbers a drop-frame timecode leaves out each
// minute, but not each tenth; 0 for other rates.
func dropped(fps float64) int64 {
	if rate := int64(math.Round(fps)); math.Abs(fps*1.001-float64(rate)) < 0.002 && rate%30 == 0 {
		return rate / 15
	}
	return 0
}

// timecode shows a frame number from 0 as HH:MM:SS:FF, or HH:MM:SS;FF for
// drop-frame rates.
func timecode(frame int64, fps float64) string {
	rate, drop, sep := int64(math.Round(fps)), dropped(fps), ":"
	if drop > 0 {
		sep = ";"
		perMinute := rate*60 - drop
		perTen := perMinute*10 + drop
		tens, rest := frame/perTen, frame%perTen
		frame += tens * drop * 9
		if rest >= drop {
			frame += drop * ((rest - drop) / perMinute)
		}
	}

	seconds := frame / rate
	return fmt.Sprintf("%02d:%02d:%02d%s%02d", seconds/3600, seconds/60%60, seconds%60, sep, frame%rate)
}

// frameOf reads a timecode back into a frame number from 0.
func frameOf(code string, fps float64) (int64, bool) {
	parts := strings.Split(strings.ReplaceAll(code, ";", ":"), ":")
	if len(parts) != 4 {
		return 0, false
	}

	var n [4]int64
	for i, part := range parts {
		v, err := strconv.ParseInt(part, 10, 64)
		if err != nil || v < 0 {
			return 0, false
		}
		n[i] = v
	}

	rate, drop := int64(math.Round(fps)), dropped(fps)
	minutes := n[0]*60 + n[1]
	return (minutes*60+n[2])*rate + n[3] - drop*(minutes-minutes/10), n[3] < rate
}
