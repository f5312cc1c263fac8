package frameiosim

import "net/http"

func (s *Server) mountAdmin(mux *http.ServeMux) {}
