import { ClawError, isClawError } from '../../../../../model/failure.ts'
import { command } from '../../../line/command.ts'
import { fetchOutputs } from '../../../work/molt-outputs.ts'
import { bytesInWords } from '../../../work/volume-words.ts'

export default command({
  name: 'molt job outputs',
  about: 'Fetch what the work of a job has left, from the provider that keeps it.',
  details:
    'Encrypted on the way between the two nodes, and checked. One that was broken off goes on where it was when it is asked for again. ' +
    'Nothing is to be seen at the place named before all of it is there; then the provider is told to wipe it. Links and devices are left out.',
  positionals: { job: { about: 'Its id or name' } },
  options: {
    to: { kind: 'text', value: 'DIR', about: 'Where its folders are put; one called as the id of the job if left out' },
    keep: { kind: 'flag', about: 'Have the provider keep it for as long as was agreed' },
    node: { kind: 'text', value: 'NODE', about: 'Which node has bought it; the one you talk to if left out' },
  },
  examples: ['molt job outputs train', 'molt job outputs mj-x7k2m4q9ab --to results --keep'],

  async run({ job: reference, to, keep, node }, session) {
    const { api: connect, out, signal } = session
    const api = await connect()
    const { id, outputs, name } = await api.call('moltjob.info', { job: reference, node }, signal)
    if (outputs.length === 0) throw new ClawError('MOLT_NOTHING_LEFT', { job: name })
    const folders = await fetchOutputs(api, { job: id, node, folders: outputs, to: to ?? id }, session)
    let isWiped = false
    try {
      if (!keep) await api.call('moltjob.fetched', { job: id, node }, signal)
      isWiped = !keep
    } catch (error) {
      // It is all here; there it goes when its time is over.
      if (signal.aborted || !isClawError(error)) throw error
      out.note(`its provider could not be told that it is here: ${error.message}`)
    }
    await out.result({ job: id, isWiped, folders }, () =>
      folders.map(
        ({ path, files, bytes, leftOut }) =>
          `${path}: ${files} files, ${bytesInWords(bytes)}${leftOut === 0 ? '' : `; ${leftOut} links or devices were left out`}`,
      ),
    )
    return undefined
  },
})
