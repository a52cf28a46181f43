import { ClawError } from '../../../model/failure.ts'
import { command } from '../line/command.ts'

export default command({
  name: 'explain',
  about: 'Say what a file of work to run may hold, and what each field means.',
  details: 'A path begins with workload, workload-toml, compose or request; its parts are put together with dots.',
  positionals: { PATH: { about: 'Such as workload.spec.gpus; workload when left out', optional: true } },
  options: {},
  examples: ['explain', 'explain workload.spec.gpus', 'explain workload.resources.gpus', 'explain compose.services'],

  async run({ PATH: path = 'workload' }, { out }) {
    const { explain, nearestPath } = await import('../../../specs/explain.ts')
    const found = explain(path)
    if (found === null) {
      const near = nearestPath(path)
      const hint = near === null ? '' : `; did you mean ${near}?`
      throw new ClawError('INVALID_REQUEST', { problem: `there is no ${path.slice(0, 128)} to explain${hint}` })
    }
    await out.result(found, async ({ type, required, about, fields }, style) => [
      `${path}  <${type}>${required ? '  required' : ''}`,
      ...(about === '' ? [] : [`  ${about}`]),
      ...(fields.length === 0
        ? []
        : [
            '',
            ...(await style.table(fields, [
              { head: 'FIELD', cell: (field) => field.path.split('.').at(-1) ?? '' },
              { head: 'TYPE', cell: (field) => `${field.type}${field.required ? ', required' : ''}` },
              { head: 'MEANING', cell: (field) => field.about },
            ])),
          ]),
    ])
  },
})
