// Tells steadfast's proxy what this program tries to reach past it, and refuses that. Loaded by way of NODE_OPTIONS.
'use strict';
const dgram = require('dgram');
const dns = require('dns');
const http = require('http');
const net = require('net');

const proxy = process.env.STEADFAST_PROXY || '';

// An address of this machine; a name is judged by what it resolves to.
const isHere = (host) => !host || (net.isIP(host) ? /^(::ffff:)?127\.|^::1$|^::$|^0\.0\.0\.0$/i.test(host) : false);
const isOurs = (name) => /^(.+\.)?localhost\.?$/i.test(name);

function refused(host) {
  const error = new Error(`steadfast: node tried to reach ${host} past the proxy; nothing but the mock providers can be reached`);
  return Object.assign(error, { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo', hostname: host });
}

function tell(host, port, then) {
  const at = proxy.lastIndexOf(':');
  const query = new URLSearchParams({ host, port: port || '', client: 'node' });
  const told = http.get({ host: proxy.slice(0, at), port: Number(proxy.slice(at + 1)), agent: false,
    path: `http://direct.steadfast.invalid/?${query}` }, (answer) => { answer.resume(); answer.on('close', then); });
  told.on('error', then);
}

if (proxy) {
  const lookup = dns.lookup;
  const refuse = (host, port, done) => tell(host, port, () => done(refused(host)));
  dns.lookup = function (host, options, callback) {
    const done = typeof options === 'function' ? options : callback;
    if (isHere(host) || net.isIP(host)) return lookup.apply(this, arguments);
    if (!isOurs(host)) return refuse(host, '', done);
    // Resolved once: who asked gets the addresses that were judged.
    const wanted = typeof options === 'object' && options ? options : { family: typeof options === 'number' ? options : 0 };
    return lookup.call(this, host, { ...wanted, all: true }, (error, found) => {
      if (error) return done(error);
      if (!found.every(({ address }) => isHere(address))) return refuse(host, '', done);
      return wanted.all ? done(null, found) : done(null, found[0].address, found[0].family);
    });
  };
  const promised = dns.promises.lookup;
  dns.promises.lookup = async function (host, options) {
    if (isHere(host) || net.isIP(host)) return promised.apply(this, arguments);
    const no = () => new Promise((_, fail) => refuse(host, '', fail));
    if (!isOurs(host)) return no();
    const wanted = typeof options === 'object' && options ? options : { family: typeof options === 'number' ? options : 0 };
    const found = await promised.call(this, host, { ...wanted, all: true });
    if (!found.every(({ address }) => isHere(address))) return no();
    return wanted.all ? found : found[0];
  };
  // What asks a name server asks another machine.
  const asks = (name) => /^(resolve|reverse|lookupService)/.test(name);
  for (const holder of [dns, dns.Resolver.prototype]) {
    for (const name of Object.getOwnPropertyNames(holder).filter(asks)) {
      holder[name] = (host, ...given) => refuse(host, '', given.pop());
    }
  }
  for (const holder of [dns.promises, dns.promises.Resolver.prototype]) {
    for (const name of Object.getOwnPropertyNames(holder).filter(asks)) {
      holder[name] = (host) => new Promise((_, fail) => refuse(host, '', fail));
    }
  }
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    const [first, second] = Array.isArray(given[0]) ? given[0] : given;
    const options = first && typeof first === 'object' ? first : { port: first, host: typeof second === 'string' ? second : undefined };
    const { host, port } = options;
    if (host && net.isIP(host) && !isHere(host)) {
      tell(host, port, () => this.destroy(refused(host)));
      return this;
    }
    // A lookup of the caller's own says where the connection goes.
    this.on('lookup', (error, address) => {
      if (!error && address && !isHere(address)) {
        this.destroy(refused(address));
        tell(address, port, () => {});
      }
    });
    return connect.apply(this, given);
  };
  // Datagrams: names go through the lookup above, addresses are judged here.
  const { Socket } = dgram;
  for (const name of ['send', 'connect']) {
    const original = Socket.prototype[name];
    Socket.prototype[name] = function (...given) {
      const host = given.slice(1).find((part) => typeof part === 'string' && net.isIP(part));
      if (!host || isHere(host)) return original.apply(this, given);
      const done = typeof given[given.length - 1] === 'function' ? given.pop() : (error) => this.emit('error', error);
      refuse(host, '', done);
      return undefined;
    };
  }
  // What was imported by name sees it too.
  require('module').syncBuiltinESMExports();
}
