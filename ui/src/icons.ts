// Our few pictures, drawn in the colour of the text.

import { svg, html, type TemplateResult } from "lit";

const icon = (path: TemplateResult): TemplateResult => html`<svg viewBox="0 0 24 24" width="20" height="20" fill="none"
  stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
  ${path}</svg>`;

/** Three waves between two frames: what goes from one side to the other. */
export const waves = icon(svg`<path d="M3 8c3-3 6-3 9 0s6 3 9 0M3 13c3-3 6-3 9 0s6 3 9 0M3 18c3-3 6-3 9 0s6 3 9 0"/>`);
export const folder = icon(svg`<path d="M3 7a2 2 0 0 1 2-2h4l2 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z"/>`);
export const film = icon(svg`<rect x="3" y="5" width="18" height="14" rx="2"/><path d="m10 9 5 3-5 3z"/>`);
export const tick = icon(svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`);
export const cross = icon(svg`<path d="M6 6l12 12M18 6 6 18"/>`);
export const care = icon(svg`<path d="M12 4 2.5 20h19zM12 10v4M12 17.2v.1"/>`);
export const dash = icon(svg`<path d="M6 12h12"/>`);
export const clockFace = icon(svg`<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 2"/>`);
export const arrow = icon(svg`<path d="M9 6l6 6-6 6"/>`);
export const search = icon(svg`<circle cx="11" cy="11" r="6.5"/><path d="m16 16 5 5"/>`);
export const pencil = icon(svg`<path d="M4 20l1-4L16 5l3 3L8 19z"/>`);
export const send = icon(svg`<path d="M4 12 20 4l-4 16-4-7zM12 13l8-9"/>`);
/** Two arrows in a circle: what is kept as it is on the other side. */
export const round =
  icon(svg`<path d="M20 11a8 8 0 0 0-14.5-3.5L4 9M4 4v5h5M4 13a8 8 0 0 0 14.5 3.5L20 15M20 20v-5h-5"/>`);
export const lock = icon(svg`<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>`);
export const out = icon(svg`<path d="M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5"/>`);
