import { writeWhole } from '../../../backup-file.ts'
import { command } from '../../../line/command.ts'

export default command({
  name: 'molt network export',
  about: 'Write a file with which another mesh can join the MOLT network.',
  details: 'Its rules, and where its hosts are: nothing of it is secret. It is printed where no file is named.',
  positionals: { file: { about: 'Where to write it', optional: true } },
  options: {},
  examples: ['molt network export lab-network.json', 'molt network export --json'],

  async run({ file }, { api: connect, out, signal }) {
    const api = await connect()
    const network = await api.call('moltnetwork.export', {}, signal)
    const text = JSON.stringify(network, null, 2)
    if (file === undefined) await out.result(network, () => [text])
    else {
      await writeWhole(file, Buffer.from(`${text}\n`))
      await out.result({ file, ...network }, () => [`${file}: another mesh joins with \`molt network join\``])
    }
    return undefined
  },
})
