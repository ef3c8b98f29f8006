// Tells steadfast's proxy what this program tries to reach past it, and refuses that. Loaded by way of NODE_OPTIONS.
'use strict';
const dns = require('dns');
const http = require('http');
const net = require('net');

const proxy = process.env.STEADFAST_PROXY || '';

const isHere = (host) =>
  !host || host === 'localhost' || host.endsWith('.localhost') || /^(127\.|::1$|::$|0\.0\.0\.0$)/.test(host);

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
  dns.lookup = function (host, options, callback) {
    if (isHere(host) || net.isIP(host)) return lookup.apply(this, arguments);
    const done = typeof options === 'function' ? options : callback;
    tell(host, '', () => done(refused(host)));
  };
  const promised = dns.promises.lookup;
  dns.promises.lookup = function (host) {
    if (isHere(host) || net.isIP(host)) return promised.apply(this, arguments);
    return new Promise((_, fail) => tell(host, '', () => fail(refused(host))));
  };
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    const [options] = Array.isArray(given[0]) ? given[0] : given;
    const host = options && typeof options === 'object' ? options.host : undefined;
    if (host && net.isIP(host) && !isHere(host)) {
      tell(host, options.port, () => this.destroy(refused(host)));
      return this;
    }
    return connect.apply(this, given);
  };
}
