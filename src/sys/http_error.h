/* http_error.h: why a transfer failed, in words. Private to http.c. */
#ifndef HTTP_ERROR_H
#define HTTP_ERROR_H

#include "sys/http_transfer.h"

/* Write t->message: the cause of libcurl's failure, without the URL, on one
 * line, with what to do where that is known. */
void http_error_explain(struct http_transfer *t, CURLcode code);

#endif
