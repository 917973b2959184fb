/* http_error.c: see http_error.h. */
#include "sys/http_error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WANTS_CERTIFICATE                                                      \
    "the server refuses the client's certificate, or wants one (--cert, "      \
    "--key)"
#define CUTS_HANDSHAKE                                                         \
    "the server cuts the TLS handshake; is it http:// instead of https://?"

/* What can be wrong with a name, a reply and TLS, by libcurl's code and a part
 * of its sentence. */
static const struct {
    CURLcode code;
    const char *part;
    const char *words;
} failures[] = {
    { CURLE_COULDNT_RESOLVE_HOST, "", "cannot resolve the host's name" },
    { CURLE_UNSUPPORTED_PROTOCOL, "HTTP/0.9", "the reply is not HTTP" },
    { CURLE_PARTIAL_FILE, "", "connection cut within a reply" },
    { CURLE_PEER_FAILED_VERIFICATION, "has expired",
      "the server's certificate has expired" },
    { CURLE_PEER_FAILED_VERIFICATION, "not yet valid",
      "the server's certificate is not valid yet" },
    { CURLE_PEER_FAILED_VERIFICATION, "subject name",
      "the server's certificate is for another name" },
    { CURLE_PEER_FAILED_VERIFICATION, "certificate",
      "the server's certificate is signed by nobody who is trusted here"
      " (--cacert)" },
    { CURLE_SSL_CACERT_BADFILE, "", "cannot read the CA's file (--cacert)" },
    { CURLE_SSL_CERTPROBLEM, "does not match",
      "the client's key does not match its certificate (--cert, --key)" },
    { CURLE_SSL_CERTPROBLEM, "private key",
      "cannot read the client's key, or it does not match the certificate"
      " (--key)" },
    { CURLE_SSL_CERTPROBLEM, "",
      "cannot read the client's certificate (--cert)" },
    { CURLE_SSL_CONNECT_ERROR, "wrong version number",
      "the server does not speak TLS; is it http:// instead of https://?" },
    { CURLE_SSL_CONNECT_ERROR, "protocol version",
      "the server speaks no TLS of version 1.2 or newer" },
    { CURLE_SSL_CONNECT_ERROR, "SSL_connect:", CUTS_HANDSHAKE }, /* and why */
    { CURLE_SSL_CONNECT_ERROR, "unexpected eof", CUTS_HANDSHAKE },
    { CURLE_SSL_CONNECT_ERROR, "alert", WANTS_CERTIFICATE },
    { CURLE_RECV_ERROR, "alert", WANTS_CERTIFICATE },
    { CURLE_SEND_ERROR, "alert", WANTS_CERTIFICATE },
};

static bool is_tls(const struct http_transfer *t)
{
    const char *scheme = NULL;
    curl_easy_getinfo(t->easy, CURLINFO_SCHEME, &scheme);
    return scheme && strcasecmp(scheme, "https") == 0;
}

/* A new connection that ends before a byte of reply has come: server and
 * client may mean different things by it. TLS 1.3 tells a client without a
 * good certificate only after the handshake, and the cut may be faster than
 * the alert. */
static const char *cut_connection(const struct http_transfer *t)
{
    curl_off_t connecting_us = 0; /* stays 0 when another one has made it */
    curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connecting_us);
    bool is_new = connecting_us > 0 || t->nobody_answered;
    if (!is_new || t->header_bytes > 0)
        return NULL;
    if (!is_tls(t))
        return "connection cut; is it https:// instead of http://?";
    if (t->config->cert)
        return "connection cut; does the server trust the client's certificate"
               " (--cert)?";
    return "connection cut; does the server want a client certificate"
           " (--cert, --key)?";
}

static const char *known_failure(const struct http_transfer *t, CURLcode code)
{
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].code == code &&
            strstr(t->curl_message, failures[i].part))
            return failures[i].words;
    /* As "Send failure: ..." HTTP/2 tells of the same. */
    if (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
        code == CURLE_GOT_NOTHING ||
        (code == CURLE_HTTP2 && strstr(t->curl_message, " failure: ")))
        return cut_connection(t);
    return NULL;
}

/* Which of the two limits was it? Nothing is sent before a connection. */
static void explain_timeout(struct http_transfer *t)
{
    long sent_bytes = 0;
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    bool connecting = sent_bytes == 0 &&
        (t->timeout_ms == 0 || t->connect_timeout_ms < t->timeout_ms);
    (void)snprintf(
        t->message, sizeof t->message, "no %s within %lld ms",
        connecting ? "connection" : "reply",
        (long long)(connecting ? t->connect_timeout_ms : t->timeout_ms));
}

/* libcurl's sentence names host and port, which the caller knows, but not the
 * cause. */
static const char *connect_failure(struct http_transfer *t)
{
    long number = 0;
    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
    if (number == ECONNREFUSED)
        return "connection refused";
    return number > 0 ? strerror((int)number) : NULL;
}

void http_error_explain(struct http_transfer *t, CURLcode code)
{
    if (code == CURLE_OPERATION_TIMEDOUT) {
        explain_timeout(t);
        return;
    }
    const char *cause = known_failure(t, code);
    if (!cause && code == CURLE_COULDNT_CONNECT)
        cause = connect_failure(t);
    if (!cause && t->curl_message[0])
        cause = t->curl_message;
    if (!cause)
        cause = curl_easy_strerror(code);
    (void)snprintf(t->message, sizeof t->message, "%s", cause);
    for (char *p = t->message; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
}
