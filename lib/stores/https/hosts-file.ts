import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

/** Where the system keeps it, hosts(5). */
export const hostsFile =
  process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts';

/** The addresses that the file gives `name`, in its order; none when it cannot be read. */
export const addressesListed = async (file: string, name: string): Promise<string[]> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split(/\r?\n/).flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return isIP(address) !== 0 && names.some((each) => each.toLowerCase() === name) ? [address] : [];
  });
};
