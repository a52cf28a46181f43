/** Finds a command's program as execvp would. */
import { access, constants, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { hasCode } from '../../lib/error-code.ts'

/** Null when there is none that may be run. */
export async function findProgram(name: string, path: string): Promise<string | null> {
  const candidates = name.includes('/')
    ? [name].filter((file) => isAbsolute(file))
    : path.split(':').map((folder) => join(folder === '' ? '.' : folder, name))
  for (const file of candidates) if (await isProgram(file)) return file
  return null
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG')) return false
    throw error
  }
}

/** Whether there is a folder of that path. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG')) return false
    throw error
  }
}
