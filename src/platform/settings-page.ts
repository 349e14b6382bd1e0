/** docs/configuration.md, printed from the one table of settings: `node src/platform/settings-page.ts`. A test holds them equal. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SETTINGS, type Setting } from './config.ts'

export const SETTINGS_PAGE = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url))

export function settingsPage(): string {
  const rows = Object.values(SETTINGS).map((setting: Setting) => [
    code(setting.env),
    setting.file ? code(setting.file) : '–',
    setting.default ? code(setting.default) : '–',
    setting.says,
  ])
  return `# Settings

<!-- Printed by src/platform/settings-page.ts from src/platform/config.ts: change it there. -->

Everything has a default; most installations set nothing. A value comes from the environment, else from the config file,
else it is the default. The config file is \`tradewind.json\` in the data folder, or the file that \`TRADEWIND_CONFIG\`
names: one JSON object with the names of the second column, each a text or a number.

\`\`\`json
{ "port": 8080, "gatewayWorkers": 2, "starter": "qwen3-0.6b" }
\`\`\`

All of it is read once, at the start. What cannot be used, and a name that is no setting, stops the start with the sentence
that fixes it. An empty value counts as not given.

| environment | config file | default | what it does |
| --- | --- | --- | --- |
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

Where \`XDG_DATA_HOME\` is not set, it is \`~/.local/share\`.
`
}

function code(text: string): string {
  return `\`${text}\``
}

if (import.meta.main) writeFileSync(SETTINGS_PAGE, settingsPage())
