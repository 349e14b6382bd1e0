import { usePeopleWords } from './people-words.ts'
import type { Role } from './search.ts'

/** One of several roles, each with what it may do in one line. */
export function RoleChoice<Value extends Role>({
  value,
  onChange,
  roles,
  name,
}: {
  value: Value
  onChange: (role: Value) => void
  roles: readonly Value[]
  name: string
}) {
  const t = usePeopleWords()
  return (
    <fieldset className="field plain-set">
      <legend className="label">{name}</legend>
      <div className="role-choice">
        {roles.map((role) => (
          <label key={role} className={`tick round ${role === value ? 'on' : ''}`}>
            <input type="radio" className="hide" name={name} checked={role === value} onChange={() => onChange(role)} />
            <i />
            <span>
              <b className="medium">{t(`role-${role}`)}</b>
              <span className="soft">{t(`role-${role}-may`)}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
