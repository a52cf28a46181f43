/** Started by the process executor, once for each task: `node supervise.js FOLDER`. People have no use for it. */
import { supervise } from '../daemon/supervise.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: node supervise.js FOLDER')
await supervise(folder)
process.exit()
