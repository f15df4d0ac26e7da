// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const joinPause = 500 * time.Millisecond

// joinCluster asks the node of -join to be taken in, until that has been done.
func (n *node) joinCluster(ctx context.Context) {
	for {
		err := n.askToJoin(ctx)
		if err == nil {
			n.logger.Info("joined the cluster", "by", n.options.join)
			return
		}
		if ctx.Err() != nil {
			return
		}
		n.logger.Warn("not taken in yet", "by", n.options.join, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(joinPause):
		}
	}
}

func (n *node) askToJoin(ctx context.Context) error {
	self, err := json.Marshal(member{ID: n.options.id, Raft: string(n.transport.LocalAddr())})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		"http://"+n.options.join+"/join", bytes.NewReader(self))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
		return fmt.Errorf("%s: %s", response.Status, bytes.TrimSpace(text))
	}
	return nil
}
