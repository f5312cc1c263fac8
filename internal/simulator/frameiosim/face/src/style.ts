// How the pages look: dark, as people who review videos know it, or light.

import { css } from "lit";

export const look = css`
  /* Names come from outside and may be one long word. */
  :host { display: block; overflow-wrap: anywhere; color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
  *, *::before { box-sizing: border-box; }
  [hidden] { display: none !important; }
  h1, h2, h3, p { margin: 0; }
  h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; } h3 { font-size: 0.95rem; }
  a { color: var(--mark); }
  button, select, input, textarea {
    font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--edge); border-radius: 8px;
    padding: 0.35rem 0.8rem; max-width: 100%;
  }
  button, .file { cursor: pointer; font-weight: 600; }
  .file {
    border: 1px solid var(--edge); border-radius: 8px; padding: 0.35rem 0.8rem; background: var(--card);
    position: relative;
  }
  .file:focus-within { outline: 2px solid var(--mark); outline-offset: 2px; }
  button:hover:not(:disabled) { border-color: var(--mark); }
  button:disabled { opacity: 0.5; cursor: default; }
  .primary { background: var(--mark); color: var(--on); border-color: var(--mark); }
  .quiet { border-color: transparent; background: none; font-weight: 400; color: var(--soft); padding: 0.2rem 0.4rem; }
  .soft { color: var(--soft); } .small { font-size: 0.85rem; } .bad { color: var(--bad); }
  .row { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: center; min-width: 0; }
  select { max-width: min(100%, 18rem); }
  .grow { flex: 1; min-width: 0; }
  .wrap { overflow-wrap: anywhere; min-width: 0; }
  .stack { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
  .tag { border: 1px solid var(--line); border-radius: 99px; padding: 0 0.6rem; font-size: 0.8rem; }
  .crumbs { display: flex; flex-wrap: wrap; gap: 0.3rem; font-size: 0.9rem; list-style: none; margin: 0; padding: 0; }
  .crumbs li + li::before { content: "/"; margin-inline-end: 0.3rem; color: var(--soft); }
  .menu { position: relative; }
  .menu > div {
    position: absolute; z-index: 5; top: calc(100% + 0.3rem); inset-inline-start: 0; background: var(--card);
    border: 1px solid var(--edge); border-radius: 10px; padding: 0.4rem; width: max-content;
    max-width: min(26rem, calc(100vw - 1rem)); max-height: calc(100vh - 1rem); overflow: auto; min-width: 15rem;
    box-shadow: 0 10px 40px #0006; display: grid; gap: 0.1rem;
  }
  .menu > div button { border: 0; text-align: start; background: none; padding: 0.45rem 0.7rem; }
  .menu > div button:hover { background: var(--hover); }
  dialog {
    border: 1px solid var(--edge); border-radius: 14px; padding: 1.5rem; background: var(--card); color: var(--text);
    width: min(26rem, calc(100vw - 2rem));
  }
  dialog::backdrop { background: #000a; }
  :focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
`;

/** Rules for `.style`; the attribute would be refused by the policy of the page. */
export const inline = (rules: Record<string, string>): string => Object.entries(rules)
  .map(([property, value]) => `${property}:${value}`).join(";");
