/** Wire shape of the table of rules. */
import { type Static, Type } from 'typebox'
import { oneOf } from '../platform/wire-shapes.ts'
import { ACTIONS, HOLDINGS, type Holding, RULES } from './rules.ts'

const Holdings = Type.Array(oneOf(HOLDINGS))

export const RulesShape = Type.Object({
  data: Type.Array(
    Type.Object({
      action: oneOf(ACTIONS),
      says: Type.String({ description: 'Ends the sentence "This lets one …".' }),
      on: oneOf(['installation', 'organization'], {
        description: 'Whether it reaches over the installation, or over one organisation or project.',
      }),
      who: Type.Unsafe<Static<typeof Holdings>>({ ...Holdings, description: 'Roles and scopes that open it.' }),
      own_only: Type.Unsafe<Static<typeof Holdings>>({
        ...Holdings,
        description: 'These open it too, but only on what one made oneself.',
      }),
    }),
    { description: 'What is in nobody’s row is refused.' },
  ),
})

export function rulesOnWire(): Static<typeof RulesShape> {
  return {
    data: ACTIONS.map((action) => {
      const {
        says,
        on,
        who,
        ownOnly = [],
      }: (typeof RULES)[typeof action] & { ownOnly?: readonly Holding[] } = RULES[action]
      return { action, says, on, who: [...who], own_only: [...ownOnly] }
    }),
  }
}
