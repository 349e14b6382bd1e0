/** What can be wrong with a field of a form, kept apart from its sentence, which is said in the language of whoever asks. */

export type FormProblem =
  | { kind: 'name_missing' | 'organization_missing' | 'name_not_plain' }
  | { kind: 'email_missing' | 'email_malformed' }
  | { kind: 'password_is_email' | 'password_too_simple' }
  | { kind: 'too_short'; lengthMin: number; length: number }
  | { kind: 'too_long'; lengthMax: number; length: number }

export type FormProblems = Readonly<Record<string, FormProblem>>

export function sayProblem(problem: FormProblem): string {
  switch (problem.kind) {
    case 'name_missing':
      return 'Enter your name.'
    case 'organization_missing':
      return 'Name the organisation; your own name will do.'
    case 'name_not_plain':
      return 'Use one line of plain text, without control characters.'
    case 'email_missing':
      return 'Enter your e-mail address: you will sign in with it.'
    case 'email_malformed':
      return 'This is not an e-mail address, such as ada@example.com.'
    case 'password_is_email':
      return 'Choose something other than the e-mail address.'
    case 'password_too_simple':
      return 'Choose something with more than three different characters.'
    case 'too_short':
      return `Use at least ${problem.lengthMin} characters${problem.length > 0 ? `; these are ${problem.length}` : ''}.`
    case 'too_long':
      return `Use at most ${problem.lengthMax} characters; these are ${problem.length}.`
    default:
      return problem satisfies never
  }
}

/** By the name of the field. */
export function sayEach(problems: FormProblems, say: (problem: FormProblem) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(problems).map(([field, problem]) => [field, say(problem)]))
}
