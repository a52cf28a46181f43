import { ClawError } from '../../../model/failure.ts'
import { command } from '../line/command.ts'

export default command({
  name: 'validate',
  about: 'Check files of work to run, without a mesh.',
  details:
    'Says everything that is wrong, each with file, line and column, and what is understood but has no effect. Ends with 5 when something is wrong.',
  positionals: {
    FILES: { about: 'workload.yaml, workload.toml, Compose files, or JSON; - is standard input', rest: true },
  },
  options: {},
  examples: ['validate workload.yaml', 'validate compose.yaml workload.toml', 'validate -o json -'],

  async run({ FILES: files }, session) {
    const { out } = session
    const { readSpecs } = await import('../work/spec-file.ts')
    const found = []
    const problems: string[] = []
    for (const file of files)
      try {
        const { documents, warnings } = await readSpecs(file, session)
        found.push({
          file,
          documents: documents.map(({ kind, request, at }) => ({ kind, name: request.name ?? null, line: at.line })),
          warnings: warnings.map(({ at, text }) => ({ ...at, text })),
        })
      } catch (error) {
        if (!ClawError.is(error, 'SPEC_INVALID')) throw error
        problems.push(...error.facts.problems)
      }
    await out.result(found, (all) =>
      all.flatMap(({ file, documents }) =>
        documents.map(({ kind, name, line }) => `${file}:${line}: ${kind}${name === null ? '' : ` ${name}`} is valid`),
      ),
    )
    if (problems.length === 0) return 0
    for (const problem of problems) out.note(problem)
    const problem = problems.length === 1 ? 'one problem' : `${problems.length} problems`
    throw new ClawError('SPEC_INVALID', { problem: out.isForMachines ? problems.join('; ') : problem, problems })
  },
})
