/* pem.c: see pem.h. Source: RFC 7468, and RFC 1421 for encrypted keys. */
#include "sys/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/error.h"

enum { LINE_BYTES_MAX = 512 }; /* a header is far shorter */

struct found {
    bool certificate, key, encrypted;
};

static void look_at(struct found *found, const char *line)
{
    if (strncmp(line, "Proc-Type: 4,ENCRYPTED", 22) == 0)
        found->encrypted = true;
    if (strncmp(line, "-----BEGIN ", 11) != 0)
        return;
    if (strstr(line, "CERTIFICATE-----"))
        found->certificate = true;
    if (strstr(line, "PRIVATE KEY-----"))
        found->key = true;
    if (strstr(line, " ENCRYPTED PRIVATE KEY-----"))
        found->encrypted = true;
}

static int read_lines(struct found *found, FILE *file,
                      struct candidate_error *err)
{
    struct stat status;
    if (fstat(fileno(file), &status) < 0)
        return error_set(err, CANDIDATE_EINVAL, "%s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(err, CANDIDATE_EINVAL, "is not a file");
    if (status.st_size > PEM_FILE_BYTES_MAX)
        return error_set(err, CANDIDATE_EINVAL, "is larger than %d bytes",
                         PEM_FILE_BYTES_MAX);
    char line[LINE_BYTES_MAX];
    while (fgets(line, sizeof line, file))
        look_at(found, line);
    bool broken = ferror(file) != 0;
    explicit_bzero(line, sizeof line);
    return broken ? error_set(err, CANDIDATE_EINVAL, "cannot be read") : 0;
}

static int judge(const struct found *found, enum pem_content wanted,
                 struct candidate_error *err)
{
    switch (wanted) {
    case PEM_CERTIFICATE:
        if (found->certificate)
            return 0;
        return error_set(err, CANDIDATE_EINVAL,
                         "has no certificate in PEM format");
    case PEM_KEY:
        if (!found->key)
            return error_set(err, CANDIDATE_EINVAL,
                             "has no private key in PEM format");
        if (!found->encrypted)
            return 0;
        return error_set(err, CANDIDATE_EINVAL,
                         "the key is encrypted, and there is no way to give "
                         "its passphrase");
    }
    return 0;
}

int pem_check(const char *path, enum pem_content wanted,
              struct candidate_error *err)
{
    struct found found = { false, false, false };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    int r = file ? read_lines(&found, file, err)
                 : error_set(err, CANDIDATE_EINVAL, "%s", strerror(errno));
    if (file)
        (void)fclose(file);
    else if (fd >= 0)
        close(fd);
    if (r == 0)
        r = judge(&found, wanted, err);
    return r < 0 ? error_wrap(err, r, "%s", path) : 0;
}
