// The one module that our pages and Nuxeo Web UI load.
export {};
