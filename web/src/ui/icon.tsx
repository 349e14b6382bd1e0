/** Icons (16 px, drawn with a line) and signs (12 px, filled: the shape that a state has, so that colour is never the only sign). */
import type { ReactNode } from 'react'

const ICONS = {
  agent: (
    <>
      <circle cx="8" cy="3.8" r="1.7" />
      <circle cx="3.6" cy="12" r="1.7" />
      <circle cx="12.4" cy="12" r="1.7" />
      <path d="M7.2 5.3 4.4 10.5M8.8 5.3l2.8 5.2M5.3 12h5.4" />
    </>
  ),
  bill: <path d="M3.5 2.2h9v11.6l-1.8-1.2-1.8 1.2L7.1 12.6l-1.8 1.2-1.8-1.2zM6 5.5h4M6 8.5h4" />,
  bin: <path d="M3 4.5h10M6.2 4.5v-2h3.6v2M4.3 4.5l.6 9h6.2l.6-9" />,
  book: (
    <path d="M8 4c-1.4-1-3.3-1.3-5.5-1.2v9.6c2.2-.1 4.1.2 5.5 1.2 1.4-1 3.3-1.3 5.5-1.2V2.8C11.3 2.7 9.4 3 8 4zM8 4v9.6" />
  ),
  cal: (
    <>
      <rect x="2.5" y="3.5" width="11" height="10" rx="1" />
      <path d="M2.5 6.8h11M5.5 2v2.5M10.5 2v2.5" />
    </>
  ),
  cap: (
    <>
      <path d="M2.6 12a5.9 5.9 0 1 1 10.8 0" />
      <path d="M8 9.5 10.6 6" />
    </>
  ),
  clip: <path d="m12.8 7.4-5 5a3 3 0 0 1-4.3-4.3l5.3-5.3a2 2 0 0 1 2.9 2.9l-5.3 5.2a1 1 0 0 1-1.4-1.4l4.7-4.7" />,
  code: <path d="M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5" />,
  coin: (
    <>
      <circle cx="8" cy="8" r="5.7" />
      <path d="M9.9 6.1C9.5 5.5 8.8 5.2 8 5.2c-1.1 0-2 .5-2 1.4 0 2 4 .9 4 2.9 0 .9-.9 1.4-2 1.4-.9 0-1.7-.4-2-1.1M8 4.2v1M8 10.9v1" />
    </>
  ),
  cols: (
    <>
      <rect x="2.5" y="3" width="11" height="10" rx="1" />
      <path d="M6.2 3v10M9.8 3v10" />
    </>
  ),
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.3" />
      <path d="M3.5 10.5h-.2a.8.8 0 0 1-.8-.8V3.3c0-.4.4-.8.8-.8h6.4c.4 0 .8.4.8.8v.2" />
    </>
  ),
  data: (
    <>
      <ellipse cx="8" cy="3.9" rx="5" ry="1.9" />
      <path d="M3 3.9v8.2c0 1 2.2 1.9 5 1.9s5-.9 5-1.9V3.9M3 8c0 1 2.2 1.9 5 1.9S13 9 13 8" />
    </>
  ),
  deploy: <path d="M2.3 10.3 8 13.4l5.7-3.1M2.3 7.6 8 10.7l5.7-3.1M8 2.2 2.3 5.1 8 8l5.7-2.9z" />,
  device: (
    <>
      <rect x="2.5" y="3" width="11" height="7.5" rx="1" />
      <path d="M5.5 13h5M8 10.5V13" />
    </>
  ),
  down: <path d="m4.5 6.3 3.5 3.5 3.5-3.5" />,
  eval: <path d="M2.5 4.2 3.7 5.4 5.8 3M2.5 11.2l1.2 1.2L5.8 10M8.5 4.5h5M8.5 11.5h5" />,
  gear: (
    <>
      <circle cx="8" cy="8" r="2.1" />
      <path d="M8 1.9v1.9M8 12.2v1.9M1.9 8h1.9M12.2 8h1.9M3.7 3.7 5 5M11 11l1.3 1.3M3.7 12.3 5 11M11 5l1.3-1.3" />
    </>
  ),
  go: <path d="M5 3.2v9.6L12.5 8z" />,
  grid: (
    <>
      <rect x="2.5" y="2.5" width="4.5" height="4.5" rx=".8" />
      <rect x="9" y="2.5" width="4.5" height="4.5" rx=".8" />
      <rect x="2.5" y="9" width="4.5" height="4.5" rx=".8" />
      <path d="M11.25 9v4.5M9 11.25h4.5" />
    </>
  ),
  home: <path d="M2.5 7.2 8 2.8l5.5 4.4v6H9.8V9.6H6.2v3.6H2.5z" />,
  key: (
    <>
      <circle cx="5.3" cy="10.7" r="2.8" />
      <path d="m7.4 8.6 5.8-5.8M10.5 5.5l2 2" />
    </>
  ),
  left: <path d="m9.8 4.5-3.5 3.5 3.5 3.5" />,
  link: <path d="M9.5 2.5h4v4M13.5 2.5 7.5 8.5M11.5 9.5v4h-9v-9h4" />,
  list: <path d="M2.5 4h.01M2.5 8h.01M2.5 12h.01M5.5 4h8M5.5 8h8M5.5 12h8" />,
  market: (
    <path d="M2.8 6.5v7h10.4v-7M1.9 6.2l1.2-3.7h9.8l1.2 3.7c0 1-.8 1.7-1.8 1.7s-2-.7-2-1.7c0 1-1 1.7-2.3 1.7S5.7 7.2 5.7 6.2c0 1-.9 1.7-2 1.7s-1.8-.7-1.8-1.7z" />
  ),
  fold: (
    <>
      <rect x="2.5" y="3" width="11" height="10" rx="1" />
      <path d="M6.2 3v10M11 6.2 9.2 8l1.8 1.8" />
    </>
  ),
  unfold: (
    <>
      <rect x="2.5" y="3" width="11" height="10" rx="1" />
      <path d="M6.2 3v10M9.2 6.2 11 8l-1.8 1.8" />
    </>
  ),
  menu: <path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />,
  model: (
    <>
      <path d="M8 1.9 13.4 5v6L8 14.1 2.6 11V5z" />
      <path d="M2.7 5 8 8l5.3-3M8 8v6" />
    </>
  ),
  more: <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2" />,
  order: <path d="M2.5 4.8 8 2l5.5 2.8v6.4L8 14l-5.5-2.8zM2.7 4.9 8 7.6l5.3-2.7M8 7.6V14" />,
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  pen: <path d="M10.6 3.1 12.9 5.4 5.6 12.7 2.7 13.3 3.3 10.4zM9.2 4.5l2.3 2.3" />,
  people: (
    <>
      <circle cx="6" cy="5.3" r="2.3" />
      <path d="M1.9 13.3c.3-2.3 2-3.7 4.1-3.7s3.8 1.4 4.1 3.7M10.3 3.2a2.3 2.3 0 0 1 0 4.2M12 9.9c1.2.6 1.9 1.8 2.1 3.4" />
    </>
  ),
  play: <path d="M2.5 3.5h11v7.4H7.6l-3 2.4v-2.4H2.5z" />,
  plus: <path d="M8 3v10M3 8h10" />,
  redo: <path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.7h-2.7" />,
  rev: <path d="M2.5 13.5h11M4 13.5V9M8 13.5V5M12 13.5V2.5" />,
  right: <path d="m6.2 4.5 3.5 3.5-3.5 3.5" />,
  rise: <path d="m4.5 9.8 3.5-3.5 3.5 3.5" />,
  save: <path d="M8 2.5v7.5M4.8 6.9 8 10l3.2-3.1M2.8 13.3h10.4" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.3" />
      <path d="m10.2 10.2 3.3 3.3" />
    </>
  ),
  server: (
    <>
      <rect x="2.5" y="2.5" width="11" height="4.5" rx="1" />
      <rect x="2.5" y="9" width="11" height="4.5" rx="1" />
      <path d="M5 4.8h.01M5 11.3h.01" />
    </>
  ),
  shield: (
    <>
      <path d="M8 1.9 13 3.7v4c0 3-2 5.2-5 6.4-3-1.2-5-3.4-5-6.4v-4z" />
      <path d="m5.8 7.9 1.6 1.6 2.9-3.1" />
    </>
  ),
  stop: <rect x="4" y="4" width="8" height="8" rx="1" />,
  table: (
    <>
      <rect x="2.5" y="3" width="11" height="10" rx="1" />
      <path d="M2.5 6.3h11M2.5 9.6h11M6.5 6.3V13" />
    </>
  ),
  tag: <path d="M2.5 2.5h5.2l5.9 5.9-5.2 5.2-5.9-5.9zM5.3 5.3h.01" />,
  theme: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 2.5v11a5.5 5.5 0 0 0 0-11z" fill="currentColor" stroke="none" />
    </>
  ),
  tune: (
    <>
      <path d="M3.5 2.5v4M3.5 9.5v4M8 2.5v7M8 12.5v1M12.5 2.5v2M12.5 7.5v6" />
      <circle cx="3.5" cy="8" r="1.5" />
      <circle cx="8" cy="11" r="1.5" />
      <circle cx="12.5" cy="6" r="1.5" />
    </>
  ),
  turn: <path d="M8 2.5A5.5 5.5 0 1 1 2.5 8" />,
  up: <path d="M8 13V3M4.5 6.5 8 3l3.5 3.5" />,
  updown: <path d="m5 6 3-3 3 3M5 10l3 3 3-3" />,
  usage: (
    <>
      <path d="M2.5 2.5v11h11" />
      <path d="m4.8 10.2 2.6-3.4 2.3 1.9 3.4-4.5" />
    </>
  ),
  x: <path d="m4 4 8 8M12 4l-8 8" />,
} satisfies Record<string, ReactNode>

const SIGNS = {
  fail: (
    <path
      d="M2.2 1.2h7.6c.6 0 1 .4 1 1v7.6c0 .6-.4 1-1 1H2.2c-.6 0-1-.4-1-1V2.2c0-.6.4-1 1-1zM5.3 3v3.7h1.4V3zm0 4.8v1.3h1.4V7.8z"
      fillRule="evenodd"
    />
  ),
  half: <path d="M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zm0 1.4v6.2a3.1 3.1 0 0 1 0-6.2z" />,
  no: <path d="M2.9 1.8 6 4.9l3.1-3.1 1.1 1.1L7.1 6l3.1 3.1-1.1 1.1L6 7.1l-3.1 3.1-1.1-1.1L4.9 6 1.8 2.9z" />,
  off: <path d="M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zm0 1.4a3.1 3.1 0 1 1 0 6.2 3.1 3.1 0 0 1 0-6.2z" />,
  ok: <path d="M4.7 10 1.2 6.5l1.1-1.1 2.4 2.4 5-5.2 1.1 1.1z" />,
  on: <circle cx="6" cy="6" r="4" />,
  warn: <path d="M6 1.2 11.3 10.6H.7zM5.4 4.6v2.9h1.2V4.6zm0 3.7v1.2h1.2V8.3z" fillRule="evenodd" />,
} satisfies Record<string, ReactNode>

export type IconName = keyof typeof ICONS
/** on: runs · off: rests · half: on its way · ok: done · warn: needs care · fail: failed · no: does not fit. */
export type SignName = keyof typeof SIGNS

/** Says nothing to a screen reader: the word beside it, or the label of its button, does. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      {ICONS[name]}
    </svg>
  )
}

export function Sign({ name }: { name: SignName }) {
  return (
    <svg className="sign" viewBox="0 0 12 12" aria-hidden="true">
      {SIGNS[name]}
    </svg>
  )
}
