// Package release tries what a version is handed out as, as a new user would: the package
// for Debian is installed into an empty file system, set up, started by the line of its unit,
// upgraded and removed; the image is unpacked and started where nothing else is.
//
// Nothing of it touches the machine: dpkg is given a folder as its root, and programs are
// started with that folder as theirs. It needs an account that may do so.
package release
