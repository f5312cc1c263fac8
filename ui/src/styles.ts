// What all elements look like. Colours come from Web UI's theme; outside it from
// fall-backs that follow the browser's light or dark. Shades are mixed of the
// two that a theme is sure to have, text and box.
//
// A theme's primary colour is one to fill with: as text it cannot be read in all of
// them. What is filled is as dark as the text on it needs, which is white in each.

import { css } from "lit";

export const base = css`
  :host {
    --text: var(--nuxeo-text-default, var(--nxf-text, #1f2733));
    --box: var(--nuxeo-box, var(--nxf-box, #fff));
    --accent: var(--nuxeo-primary-color, var(--nxf-accent, #0b5fd8));
    --fill: var(--nuxeo-button-primary, var(--nxf-fill, #0b5fd8));
    --on-fill: var(--nuxeo-button-primary-text, #fff);
    --link: var(--nuxeo-link-color, var(--nxf-accent, #0b5fd8));
    --mark: color-mix(in srgb, var(--accent) 55%, var(--text));
    --soft: color-mix(in srgb, var(--text) 80%, var(--box));
    --line: color-mix(in srgb, var(--text) 16%, var(--box));
    --edge: color-mix(in srgb, var(--text) 55%, var(--box));
    --tint: color-mix(in srgb, var(--text) 5%, var(--box));
    --hover: color-mix(in srgb, var(--accent) 12%, var(--box));
    --good: color-mix(in srgb, #0a8a4b 58%, var(--text));
    --bad: color-mix(in srgb, #d32f2f 52%, var(--text));
    --warn: color-mix(in srgb, #a86400 62%, var(--text));
    display: block;
    color: var(--text);
    font-family: var(--nuxeo-app-font, system-ui, sans-serif);
    font-size: var(--nxf-text-size, 1rem);
    line-height: 1.5;
    box-sizing: border-box;
  }
  @supports (color: oklch(from red l c h)) {
    :host { --fill: oklch(from var(--nuxeo-button-primary, var(--nxf-fill, #0b5fd8)) min(l, 0.545) c h); }
  }
  :host([hidden]), [hidden] { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  h1, h2, h3 { margin: 0; line-height: 1.3; font-weight: 600; text-wrap: balance; }
  h1 { font-size: 1.4rem; }
  h2 { font-size: 1.1rem; }
  h3 { font-size: 1rem; }
  p { margin: 0; }
  a { color: var(--link); }
  .soft { color: var(--soft); }
  .small { font-size: max(0.85rem, 12px); }
  .good { color: var(--good); }
  .bad { color: var(--bad); }
  .warn { color: var(--warn); }
  .wrap { overflow-wrap: anywhere; min-width: 0; }
  .row { display: flex; flex-wrap: wrap; align-items: center; gap: 0.6rem; }
  .between { justify-content: space-between; }
  .grow { flex: 1; min-width: 0; }
  .stack { display: grid; gap: 1rem; min-width: 0; grid-template-columns: minmax(0, 1fr); }
  .tight { gap: 0.4rem; }
  .card {
    background: var(--box); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.25rem; min-width: 0;
  }
  .chip {
    display: inline-flex; align-items: center; gap: 0.3rem; border: 1px solid var(--line); border-radius: 99px;
    padding: 0.05rem 0.6rem; font-size: max(0.8rem, 12px); white-space: nowrap; background: var(--tint);
    color: var(--text);
  }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  dl { display: grid; grid-template-columns: fit-content(42%) minmax(0, 1fr); gap: 0.35rem 1.25rem; margin: 0; }
  dt { color: var(--soft); }
  dd { margin: 0; overflow-wrap: anywhere; }
  ul { margin: 0; padding: 0; list-style: none; }
  :focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; border-radius: 4px; }
  @media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
`;

export const controls = css`
  button, .button {
    font: inherit; font-weight: 600; color: var(--nxf-accent, var(--text)); background: transparent;
    border: 1px solid var(--edge); border-radius: 8px;
    padding: 0.4rem 0.95rem; cursor: pointer; text-decoration: none; display: inline-flex; align-items: center;
    gap: 0.4rem; justify-content: center;
  }
  button:hover:not(:disabled), .button:hover { background: var(--hover); }
  button:disabled { opacity: 0.55; cursor: default; }
  .primary { background: var(--fill); border-color: var(--fill); color: var(--on-fill); }
  .primary:hover:not(:disabled) { background: color-mix(in srgb, var(--fill) 88%, #000); }
  .danger { color: var(--bad); }
  .danger:hover:not(:disabled) { background: color-mix(in srgb, var(--bad) 8%, var(--box)); }
  .plain { border-color: transparent; padding: 0.3rem 0.5rem; }
  label, legend { display: block; font-weight: 600; padding: 0; }
  .hint { display: block; font-weight: 400; color: var(--soft); font-size: max(0.85rem, 12px); margin-top: 0.35rem; }
  .error { display: block; font-weight: 400; color: var(--bad); font-size: max(0.85rem, 12px); }
  fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
  input:not([type="checkbox"], [type="radio"]), select, textarea {
    font: inherit; font-weight: 400; color: var(--text); background: var(--box); border: 1px solid var(--edge);
    border-radius: 8px; padding: 0.45rem 0.65rem; width: 100%; margin-top: 0.25rem; min-width: 0;
  }
  [aria-invalid="true"] { border-color: var(--bad) !important; }
  input[type="checkbox"], input[type="radio"] {
    accent-color: var(--fill); width: 1.05rem; height: 1.05rem; margin: 0; flex: none;
  }
  .option {
    display: flex; gap: 0.6rem; align-items: flex-start; font-weight: 400; padding: 0.35rem 0.5rem; border-radius: 6px;
    cursor: pointer;
  }
  .option:hover { background: var(--hover); }
  .option input { margin-top: 0.2rem; }
  .notice {
    border: 1px solid var(--line); border-left: 4px solid var(--mark); border-radius: 8px; padding: 0.75rem 1rem;
    background: var(--tint); display: grid; gap: 0.4rem;
  }
  .notice.wrong { border-left-color: var(--bad); }
  .notice.care { border-left-color: var(--warn); }
  progress {
    appearance: none; width: 100%; height: 6px; border: 0; border-radius: 3px; background: var(--line);
    overflow: hidden; display: block;
  }
  progress::-webkit-progress-bar { background: var(--line); border-radius: 3px; }
  progress::-webkit-progress-value { background: var(--mark); border-radius: 3px; transition: width 0.3s linear; }
  progress::-moz-progress-bar { background: var(--mark); border-radius: 3px; }
`;
