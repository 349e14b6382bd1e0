/** docs/errors.md, printed from the one table of errors: `node src/control/docs/errors-page.ts`. A test holds them equal. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ERROR_GROUPS, type ErrorEntry, type ErrorGroup } from './error-guide.ts'

export const ERRORS_PAGE = fileURLToPath(new URL('../../../docs/errors.md', import.meta.url))

export function errorsPage(): string {
  return `# Errors

<!-- Printed by src/control/docs/errors-page.ts from src/control/docs/error-guide.ts: change it there. -->

Every error has OpenAI's shape. Match \`code\`, which is stable, and never the sentence, which may get better:

\`\`\`json
{ "error": { "message": "…", "type": "invalid_request_error", "param": "temperature", "code": "decimal_above_max_value" } }
\`\`\`

\`type\` follows from the status (\`authentication_error\` 401, \`permission_error\` 403, \`rate_limit_error\` 429,
\`invalid_request_error\` below 500, \`server_error\` from 500). \`param\` is the path of the field at fault, or null. Each answer
carries its id in \`x-request-id\`. Where trying again cannot help, \`x-should-retry: false\` says so; where it can,
\`retry-after\` says when. Once a stream has begun, an error comes as an event of the same shape, and no \`[DONE]\` follows.

Under \`/api\` the sentence is in the language that \`accept-language\` asks for, English or Chinese (\`content-language\` says
which); what the gateway itself says, and all of \`/v1\`, is English.

An upstream's own errors are handed on as they come.

${ERROR_GROUPS.map(section).join('\n\n')}
`
}

function section({ title, errors }: ErrorGroup): string {
  const rows = Object.entries(errors).map(
    ([code, { statuses, means, whatToDo, ...entry }]) =>
      `| \`${code}\` | ${statuses.join(', ')} | ${means}${elsewhere(entry)} | ${whatToDo} |`,
  )
  return `## ${title}

| code | status | what it means | what to do |
| --- | :-: | --- | --- |
${rows.join('\n')}`
}

/** Where a code is met that no answer carries. */
function elsewhere({ at }: Pick<ErrorEntry, 'at'>): string {
  const places = [
    at.includes('pull') ? 'in the `error` of a pull' : '',
    at.includes('health') ? 'in `/healthz`' : '',
  ].filter((place) => place !== '')
  return places.length > 0 ? ` Also ${places.join(' and ')}.` : ''
}

if (import.meta.main) writeFileSync(ERRORS_PAGE, errorsPage())
