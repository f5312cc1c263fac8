// What a list of Web UI shows, as the connector asks Nuxeo for it again: Web UI names
// everything in a list by its page provider and does not load it.

import type { Schemas } from "./api.js";

export type Listing = Schemas["PushListing"];

/** A list of Web UI in which everything is selected; only what we use, as its own bulk actions use it. */
export interface ListView {
  selectAllActive: boolean;
  nxProvider: { provider: string; _params: Record<string, unknown> };
  _excludedItems?: string[];
}

/** Whether what Web UI calls the selection is a whole list. */
export function isListView(selection: unknown): selection is ListView {
  const view = selection as Partial<ListView> | undefined;
  return Boolean(view?.selectAllActive && view.nxProvider?.provider);
}

/** The list as a question to Nuxeo, without the page that is shown of it. */
export function listing(view: ListView): Listing {
  const { currentPageIndex, offset, pageSize, namedParameters, ...rest } = view.nxProvider._params;
  const parameters: Record<string, string[]> = {};
  for (const [name, value] of Object.entries({ ...rest, ...(namedParameters as object | undefined) })) {
    if (value !== undefined && value !== null && value !== "") {
      parameters[name] = (Array.isArray(value) ? value : [value]).map(String);
    }
  }
  return { provider: view.nxProvider.provider, parameters, except: [...(view._excludedItems ?? [])] };
}
