// Nuxeo Web UI: whether this page is it, and what we add to its slots.

/** Whether the page is Nuxeo Web UI. */
export function inWebUI(): boolean {
  return false;
}

/** Adds our elements to the slots of Web UI, once. */
export function contribute(): void {}
