/** Commands on people and their projects. */
import type { Command } from './commands.ts'
import { CommandFailed } from './control.ts'
import { table } from './table.ts'

type Project = { id: string; name: string; content_on_disk: boolean }

export const PEOPLE_COMMANDS: Command[] = [
  {
    words: 'people reset',
    takes: ['email'],
    says: 'Make a link by which somebody sets a new password, also for yourself. It holds for an hour.',
    async run(control, [person = ''], _options, print) {
      const made = await control.ask<{ url: string; person: { name: string; email: string } }>(
        'POST',
        '/api/password-reset-links',
        { person },
      )
      print(made.url)
      print(`Open it, or give it to ${made.person.name} (${made.person.email}) and to nobody else: whoever opens it`)
      print('within the hour chooses the password. Then every session of that person ends.')
    },
  },
  {
    words: 'projects list',
    takes: [],
    says: 'List projects, and whether their prompts may be kept on disk.',
    async run(control, _given, _options, print) {
      const { data } = await control.ask<{ data: Project[] }>('GET', '/api/projects')
      if (data.length === 0) return print('No project yet: open the set-up link first. It is printed at the start.')
      print(
        table(
          ['PROJECT', 'NAME', 'CONTENT ON DISK'],
          data.map((project) => [project.id, project.name, project.content_on_disk ? 'allowed' : 'never']),
        ),
      )
    },
  },
  {
    words: 'projects content-on-disk',
    takes: ['project', 'allow | never'],
    says: 'Say whether prompts of a project may be kept on disk, so that long prefixes survive a restart.',
    async run(control, [id = '', answer = ''], _options, print) {
      if (answer !== 'allow' && answer !== 'never') throw new CommandFailed('Say allow or never.')
      await control.ask('PATCH', `/api/projects/${encodeURIComponent(id)}`, { content_on_disk: answer === 'allow' })
      print(answer === 'allow' ? `Prompts of ${id} may be kept on disk.` : `Prompts of ${id} are on no disk any more.`)
    },
  },
]
